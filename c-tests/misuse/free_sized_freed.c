// free_sized of a block that was freed before.
#include "misuse.h"

int main(void) {
    NEEDS(free_sized);
    void *keep = hide(malloc(42)), *p = hide(malloc(42));
    free_sized(p, 42);
    misuse(p, p);
    free_sized(hide(p), 42);
    went_on();
    free(keep);
    return alive();
}
