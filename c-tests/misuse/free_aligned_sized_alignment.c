// free_aligned_sized with an alignment that the block does not have.
#include "misuse.h"

int main(void) {
    void *p = NULL, *kept[8];
    int count = 0;
    while (count < 8 && aligned(p = hide(aligned_alloc(16, 48)), 64)) kept[count++] = p;
    CHECK(!aligned(p, 64)); // 48-byte blocks: not all of them can be
    misuse(p, p);
    free_aligned_sized(p, 64, 48);
    free(p);
    while (count > 0) free(kept[--count]);
    return alive();
}
