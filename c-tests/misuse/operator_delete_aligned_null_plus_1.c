// C++ operator delete with an alignment of NULL + 1.
// libs: -Wl,--no-as-needed -lstdc++
#include "operators.h"

int main(void) {
    void *p = hide((void *)1);
    misuse(p, p);
    operator_delete_aligned(p, 64);
    went_on();
    return alive();
}
