// C++ operator delete with a size of a pointer into a zone whose blocks have all been freed.
// libs: -Wl,--no-as-needed -lstdc++
#include "operators.h"

int main(void) {
    static void *p[20000]; // about 1 MB: several zones
    for (int i = 0; i < 20000; i++) p[i] = malloc(42);
    for (int i = 0; i < 20000; i++) free(p[i]);
    misuse(p[10000], p[10000]);
    operator_delete_sized(hide(p[10000]), 42);
    went_on();
    return alive();
}
