// A pointer eight bytes into a block.
#include "misuse.h"

int main(void) {
    void *p = hide(malloc(42));
    fill(p, 42, 1);
    misuse(at(p, 8), p);
    free(at(p, 8));
    went_on();
    CHECK(holds(p, 42, 1));
    free(p); // still live: no message
    return alive();
}
