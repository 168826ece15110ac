// A LARGE block of 16 MiB freed twice: its mapping may be gone by the second time.
#include "misuse.h"

int main(void) {
    void *keep = hide(malloc(100000)); // the zone stays in use
    void *p = hide(malloc(16 << 20));
    misuse(p, p);
    free(p);
    free(hide(p));
    went_on();
    fill(keep, 100000, 1);
    CHECK(holds(keep, 100000, 1));
    free(keep);
    return alive();
}
