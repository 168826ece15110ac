// free_aligned_sized of a pointer to the middle of a block.
#include "misuse.h"

int main(void) {
    NEEDS(free_aligned_sized);
    void *p = hide(aligned_alloc(64, 192));
    fill(p, 42, 1);
    misuse(at(p, 64), p);
    free_aligned_sized(at(p, 64), 64, 128);
    went_on();
    CHECK(holds(p, 42, 1));
    free_aligned_sized(p, 64, 192);
    return alive();
}
