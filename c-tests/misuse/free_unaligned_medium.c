// A pointer one byte into a MEDIUM block.
#include "misuse.h"

int main(void) {
    void *p = hide(malloc(20000));
    fill(p, 42, 1);
    misuse(at(p, 1), p);
    free(at(p, 1));
    went_on();
    CHECK(holds(p, 42, 1));
    free(p); // still live: no message
    return alive();
}
