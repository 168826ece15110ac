// A block of aligned_alloc freed twice.
#include "misuse.h"

int main(void) {
    void *keep = hide(malloc(100)); // the zone stays in use
    void *p = hide(aligned_alloc(64, 192));
    misuse(p, p);
    free(p);
    free(hide(p));
    went_on();
    fill(keep, 100, 1);
    CHECK(holds(keep, 100, 1));
    free(keep);
    return alive();
}
