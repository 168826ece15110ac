// A pointer one page into a LARGE block.
#include "misuse.h"

int main(void) {
    void *p = hide(malloc(1 << 20));
    fill(p, 42, 1);
    misuse(at(p, 4096), p);
    free(at(p, 4096));
    went_on();
    CHECK(holds(p, 42, 1));
    free(p); // still live: no message
    return alive();
}
