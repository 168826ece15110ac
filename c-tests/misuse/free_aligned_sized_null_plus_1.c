// free_aligned_sized of NULL + 1.
#include "misuse.h"

int main(void) {
    NEEDS(free_aligned_sized);
    void *p = hide((void *)1);
    misuse(p, p);
    free_aligned_sized(p, 64, 64);
    went_on();
    return alive();
}
