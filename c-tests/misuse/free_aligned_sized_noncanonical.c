// free_aligned_sized of an address that no x86-64 has.
#include "misuse.h"

int main(void) {
    NEEDS(free_aligned_sized);
    void *p = hide((void *)0xdeadbeefdeadbee0);
    misuse(p, p);
    free_aligned_sized(p, 64, 64);
    went_on();
    return alive();
}
