// A SMALL block freed twice.
#include "misuse.h"

int main(void) {
    void *keep = hide(malloc(500)); // the zone stays in use
    void *p = hide(malloc(500));
    misuse(p, p);
    free(p);
    free(hide(p));
    went_on();
    fill(keep, 500, 1);
    CHECK(holds(keep, 500, 1));
    free(keep);
    return alive();
}
