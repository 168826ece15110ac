// A byte read from what malloc(0) gave.
#include "blocks.h"

int main(void) {
    char *p = hide(malloc(0));
    misuse(p, p);
    (void)*(volatile char *)p;
    went_on();
    free(p);
    return alive();
}
