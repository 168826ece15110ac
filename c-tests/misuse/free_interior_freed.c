// A pointer to the middle of a block that was freed before.
#include "misuse.h"

int main(void) {
    void *keep = hide(malloc(42)), *p = hide(malloc(42));
    free(p);
    misuse(at(p, 16), p);
    free(at(p, 16));
    went_on();
    free(keep);
    return alive();
}
