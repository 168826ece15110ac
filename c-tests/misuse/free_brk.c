// Memory from sbrk, as a program with a heap of its own has it.
#include "misuse.h"

int main(void) {
    void *p = hide(sbrk(4096));
    misuse(p, p);
    free(p);
    went_on();
    return alive();
}
