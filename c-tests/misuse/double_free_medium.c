// A MEDIUM block freed twice.
#include "misuse.h"

int main(void) {
    void *keep = hide(malloc(5000)); // the zone stays in use
    void *p = hide(malloc(5000));
    misuse(p, p);
    free(p);
    free(hide(p));
    went_on();
    fill(keep, 5000, 1);
    CHECK(holds(keep, 5000, 1));
    free(keep);
    return alive();
}
