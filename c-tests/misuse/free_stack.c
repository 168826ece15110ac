// The address of a local variable.
#include "misuse.h"

int main(void) {
    char local[64] __attribute__((aligned(16)));
    void *p = hide(local);
    misuse(p, p);
    free(p);
    went_on();
    return alive();
}
