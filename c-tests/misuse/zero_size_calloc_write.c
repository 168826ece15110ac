// A byte written to what calloc(0, 16) gave.
#include "blocks.h"

int main(void) {
    char *p = hide(calloc(0, 16));
    misuse(p, p);
    scribble(p, 1, 1);
    went_on();
    free(p);
    return alive();
}
