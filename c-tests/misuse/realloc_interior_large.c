// realloc of a pointer to the middle of a LARGE block.
#include "misuse.h"

int main(void) {
    void *p = hide(malloc(1 << 20));
    fill(p, 1 << 20, 1);
    misuse(at(p, 4096), p);
    DECLINED(realloc(at(p, 4096), 100));
    CHECK(holds(p, 1 << 20, 1));
    free(p);
    return alive();
}
