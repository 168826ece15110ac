// NULL + 16: aligned, in the first page.
#include "misuse.h"

int main(void) {
    void *p = hide((void *)16);
    misuse(p, p);
    free(p);
    went_on();
    return alive();
}
