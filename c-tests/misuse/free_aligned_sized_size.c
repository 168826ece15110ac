// free_aligned_sized with the right alignment and a wrong size.
#include "misuse.h"

int main(void) {
    void *p = hide(aligned_alloc(64, 192));
    fill(p, 192, 1);
    misuse(p, p);
    free_aligned_sized(p, 64, 128);
    CHECK(holds(p, 192, 1));
    free(p);
    return alive();
}
