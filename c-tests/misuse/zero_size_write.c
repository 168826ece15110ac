// A byte written to what malloc(0) gave.
#include "blocks.h"

int main(void) {
    char *p = hide(malloc(0));
    misuse(p, p);
    scribble(p, 1, 1);
    went_on();
    free(p);
    return alive();
}
