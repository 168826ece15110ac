// The address of a function.
#include "misuse.h"

int main(void) {
    void *p = hide((void *)(uintptr_t)alive);
    misuse(p, p);
    free(p);
    went_on();
    return alive();
}
