// free_aligned_sized with the right alignment and a wrong size.
#include "misuse.h"

int main(void) {
    NEEDS(free_aligned_sized);
    void *p = hide(aligned_alloc(64, 192));
    fill(p, 192, 1);
    misuse(p, p);
    free_aligned_sized(p, 64, 128);
    went_on();
    still_live(p, 192, 1);
    return alive();
}
