// A pointer to the middle of a SMALL block, with the right alignment.
#include "misuse.h"

int main(void) {
    void *p = hide(malloc(500));
    fill(p, 42, 1);
    misuse(at(p, 256), p);
    free(at(p, 256));
    went_on();
    CHECK(holds(p, 42, 1));
    free(p); // still live: no message
    return alive();
}
