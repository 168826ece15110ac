// free_sized of the address of a local variable.
#include "misuse.h"

int main(void) {
    NEEDS(free_sized);
    char local[64] __attribute__((aligned(16)));
    void *p = hide(local);
    misuse(p, p);
    free_sized(p, 42);
    went_on();
    return alive();
}
