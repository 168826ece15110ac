// malloc_usable_size of a pointer to the middle of a block.
#include "misuse.h"

int main(void) {
    void *p = hide(malloc(42));
    misuse(at(p, 16), p);
    const size_t size = malloc_usable_size(at(p, 16));
    went_on();
    CHECK(!OURS || size == 0);
    free(p);
    return alive();
}
