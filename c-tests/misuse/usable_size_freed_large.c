// malloc_usable_size of a LARGE block that was freed before.
#include "misuse.h"

int main(void) {
    void *keep = hide(malloc(1 << 20)), *p = hide(malloc(1 << 20));
    free(p);
    misuse(p, p);
    const size_t size = malloc_usable_size(hide(p));
    went_on();
    CHECK(!OURS || size == 0);
    free(keep);
    return alive();
}
