// malloc_usable_size of a pointer to the middle of a block.
#include "misuse.h"

int main(void) {
    void *p = hide(malloc(42));
    misuse(at(p, 16), p);
    CHECK(malloc_usable_size(at(p, 16)) == 0);
    free(p);
    return alive();
}
