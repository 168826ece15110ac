// free_aligned_sized of a pointer into a zone whose blocks have all been freed.
#include "misuse.h"

int main(void) {
    NEEDS(free_aligned_sized);
    static void *p[20000]; // about 1 MB: several zones
    for (int i = 0; i < 20000; i++) p[i] = malloc(64);
    for (int i = 0; i < 20000; i++) free(p[i]);
    misuse(p[10000], p[10000]);
    free_aligned_sized(hide(p[10000]), 64, 64);
    went_on();
    return alive();
}
