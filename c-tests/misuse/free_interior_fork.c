// A pointer to the middle of a block that came before fork, freed in the child; the child's status is ours.
#include "misuse.h"

int main(void) {
    void *p = hide(malloc(42));
    fill(p, 42, 1);
    misuse(at(p, 16), p);
    in_child();
    free(at(p, 16));
    went_on();
    CHECK(holds(p, 42, 1));
    free(p);
    return alive();
}
