// The address of a global variable.
#include "misuse.h"

static char global[64] __attribute__((aligned(16)));

int main(void) {
    void *p = hide(global);
    misuse(p, p);
    free(p);
    went_on();
    return alive();
}
