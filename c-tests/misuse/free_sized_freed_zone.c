// free_sized of a pointer into a zone whose blocks have all been freed.
#include "misuse.h"

int main(void) {
    NEEDS(free_sized);
    static void *p[20000]; // about 1 MB: several zones
    for (int i = 0; i < 20000; i++) p[i] = malloc(42);
    for (int i = 0; i < 20000; i++) free(p[i]);
    misuse(p[10000], p[10000]);
    free_sized(hide(p[10000]), 42);
    went_on();
    return alive();
}
