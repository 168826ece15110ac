// A pointer to the middle of a LARGE block of 16 MiB.
#include "misuse.h"

int main(void) {
    void *p = hide(malloc(16 << 20));
    fill(p, 42, 1);
    misuse(at(p, (8 << 20)), p);
    free(at(p, (8 << 20)));
    went_on();
    CHECK(holds(p, 42, 1));
    free(p); // still live: no message
    return alive();
}
