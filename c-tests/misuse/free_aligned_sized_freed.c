// free_aligned_sized of a block that was freed before.
#include "misuse.h"

int main(void) {
    NEEDS(free_aligned_sized);
    void *keep = hide(aligned_alloc(64, 192)), *p = hide(aligned_alloc(64, 192));
    free_aligned_sized(p, 64, 192);
    misuse(p, p);
    free_aligned_sized(hide(p), 64, 192);
    went_on();
    free_aligned_sized(keep, 64, 192);
    return alive();
}
