// NULL + 1.
#include "misuse.h"

int main(void) {
    void *p = hide((void *)1);
    misuse(p, p);
    free(p);
    went_on();
    return alive();
}
