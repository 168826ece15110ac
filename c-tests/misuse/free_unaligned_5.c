// A pointer five bytes into a block: the 42 scale's free(p + 5).
#include "misuse.h"

int main(void) {
    void *p = hide(malloc(42));
    fill(p, 42, 1);
    misuse(at(p, 5), p);
    free(at(p, 5));
    went_on();
    CHECK(holds(p, 42, 1));
    free(p); // still live: no message
    return alive();
}
