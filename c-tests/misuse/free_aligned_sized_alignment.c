// free_aligned_sized with an alignment that the block does not have.
#include "misuse.h"

int main(void) {
    NEEDS(free_aligned_sized);
    void *p = NULL, *kept[8];
    int count = 0;
    while (count < 8 && aligned(p = hide(aligned_alloc(16, 48)), 4096)) kept[count++] = p;
    CHECK(!aligned(p, 4096)); // not all of them can be
    fill(p, 48, 1);
    misuse(p, p);
    free_aligned_sized(p, 4096, 48);
    went_on();
    still_live(p, 48, 1);
    while (count > 0) free(kept[--count]);
    return alive();
}
