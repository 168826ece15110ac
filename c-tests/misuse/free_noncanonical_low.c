// The first address above the lower half.
#include "misuse.h"

int main(void) {
    void *p = hide((void *)0x0000800000000000);
    misuse(p, p);
    free(p);
    went_on();
    return alive();
}
