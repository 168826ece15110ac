// free_sized of a pointer that no block can have.
#include "misuse.h"

int main(void) {
    NEEDS(free_sized);
    void *p = hide(malloc(42));
    fill(p, 42, 1);
    misuse(at(p, 1), p);
    free_sized(at(p, 1), 41);
    went_on();
    CHECK(holds(p, 42, 1));
    free_sized(p, 42);
    return alive();
}
