// free_sized of the last address there is.
#include "misuse.h"

int main(void) {
    NEEDS(free_sized);
    void *p = hide((void *)-1);
    misuse(p, p);
    free_sized(p, 42);
    went_on();
    return alive();
}
