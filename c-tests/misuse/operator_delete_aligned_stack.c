// C++ operator delete with an alignment of the address of a local variable.
// libs: -Wl,--no-as-needed -lstdc++
#include "operators.h"

int main(void) {
    char local[64] __attribute__((aligned(16)));
    void *p = hide(local);
    misuse(p, p);
    operator_delete_aligned(p, 64);
    went_on();
    return alive();
}
