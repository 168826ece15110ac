// free_aligned_sized of a global variable.
#include "misuse.h"

int main(void) {
    NEEDS(free_aligned_sized);
    static char global[64] __attribute__((aligned(16)));
    void *p = hide(global);
    misuse(p, p);
    free_aligned_sized(p, 64, 64);
    went_on();
    return alive();
}
