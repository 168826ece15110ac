// free_aligned_sized of the address of a local variable.
#include "misuse.h"

int main(void) {
    NEEDS(free_aligned_sized);
    char local[64] __attribute__((aligned(16)));
    void *p = hide(local);
    misuse(p, p);
    free_aligned_sized(p, 64, 64);
    went_on();
    return alive();
}
