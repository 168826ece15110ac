// A LARGE block of 64 KiB freed twice.
#include "misuse.h"

int main(void) {
    void *keep = hide(malloc(65536)); // the zone stays in use
    void *p = hide(malloc(65536));
    misuse(p, p);
    free(p);
    free(hide(p));
    went_on();
    fill(keep, 65536, 1);
    CHECK(holds(keep, 65536, 1));
    free(keep);
    return alive();
}
