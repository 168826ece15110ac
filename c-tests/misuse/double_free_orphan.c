// A block of a thread that has ended, freed twice by main.
#include "misuse.h"

static void *make(void *result) {
    *(void **)result = malloc(42);
    return NULL;
}

int main(void) {
    void *p = NULL;
    in_thread(make, &p);
    misuse(p, p);
    free(p);
    free(hide(p));
    went_on();
    return alive();
}
