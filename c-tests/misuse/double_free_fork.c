// Freed before fork, freed again in the child; the child's status is ours.
#include "misuse.h"

int main(void) {
    void *keep = hide(malloc(42)), *p = hide(malloc(42));
    misuse(p, p);
    free(p);
    in_child();
    free(hide(p));
    went_on();
    free(keep);
    return alive();
}
