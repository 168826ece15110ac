// realloc(p + 5, 10), as in the 42 scale.
#include "misuse.h"

int main(void) {
    void *p = hide(malloc(42));
    fill(p, 42, 1);
    misuse(at(p, 5), p);
    DECLINED(realloc(at(p, 5), 10));
    CHECK(holds(p, 42, 1));
    free(p);
    return alive();
}
