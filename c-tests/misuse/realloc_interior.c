// realloc of a pointer to the middle of a block.
#include "misuse.h"

int main(void) {
    void *p = hide(malloc(42));
    fill(p, 42, 1);
    misuse(at(p, 16), p);
    DECLINED(realloc(at(p, 16), 100));
    CHECK(holds(p, 42, 1));
    free(p);
    return alive();
}
