// The last aligned address.
#include "misuse.h"

int main(void) {
    void *p = hide((void *)-16);
    misuse(p, p);
    free(p);
    went_on();
    return alive();
}
