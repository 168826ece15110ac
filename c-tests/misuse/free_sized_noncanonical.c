// free_sized of an address that no x86-64 has.
#include "misuse.h"

int main(void) {
    NEEDS(free_sized);
    void *p = hide((void *)0xdeadbeefdeadbee0);
    misuse(p, p);
    free_sized(p, 42);
    went_on();
    return alive();
}
