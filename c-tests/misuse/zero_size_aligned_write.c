// A byte written to what aligned_alloc(64, 0) gave.
#include "blocks.h"

int main(void) {
    char *p = hide(aligned_alloc(64, 0));
    misuse(p, p);
    scribble(p, 1, 1);
    went_on();
    free(p);
    return alive();
}
