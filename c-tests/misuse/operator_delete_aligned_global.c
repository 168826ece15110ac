// C++ operator delete with an alignment of a global variable.
// libs: -Wl,--no-as-needed -lstdc++
#include "operators.h"

int main(void) {
    static char global[64] __attribute__((aligned(16)));
    void *p = hide(global);
    misuse(p, p);
    operator_delete_aligned(p, 64);
    went_on();
    return alive();
}
