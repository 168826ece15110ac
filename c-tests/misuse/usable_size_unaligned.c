// malloc_usable_size of a pointer that no block can have.
#include "misuse.h"

int main(void) {
    void *p = hide(malloc(42));
    misuse(at(p, 1), p);
    const size_t size = malloc_usable_size(at(p, 1));
    went_on();
    CHECK(!OURS || size == 0);
    free(p);
    return alive();
}
