// free_aligned_sized of a pointer that no block can have.
#include "misuse.h"

int main(void) {
    NEEDS(free_aligned_sized);
    void *p = hide(aligned_alloc(64, 64));
    fill(p, 42, 1);
    misuse(at(p, 1), p);
    free_aligned_sized(at(p, 1), 64, 64);
    went_on();
    CHECK(holds(p, 42, 1));
    free_aligned_sized(p, 64, 64);
    return alive();
}
