// malloc_usable_size of a global variable.
#include "misuse.h"

int main(void) {
    static char global[64] __attribute__((aligned(16)));
    void *p = hide(global);
    misuse(p, p);
    const size_t size = malloc_usable_size(p);
    went_on();
    CHECK(!OURS || size == 0);
    return alive();
}
