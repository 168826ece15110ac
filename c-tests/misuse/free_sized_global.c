// free_sized of a global variable.
#include "misuse.h"

int main(void) {
    NEEDS(free_sized);
    static char global[64] __attribute__((aligned(16)));
    void *p = hide(global);
    misuse(p, p);
    free_sized(p, 42);
    went_on();
    return alive();
}
