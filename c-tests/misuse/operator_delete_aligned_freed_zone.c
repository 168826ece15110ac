// C++ operator delete with an alignment of a pointer into a zone whose blocks have all been freed.
// libs: -Wl,--no-as-needed -lstdc++
#include "operators.h"

int main(void) {
    static void *p[20000]; // about 1 MB: several zones
    for (int i = 0; i < 20000; i++) p[i] = malloc(64);
    for (int i = 0; i < 20000; i++) free(p[i]);
    misuse(p[10000], p[10000]);
    operator_delete_aligned(hide(p[10000]), 64);
    went_on();
    return alive();
}
