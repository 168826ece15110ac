// C++ operator delete with a size of a global variable.
// libs: -Wl,--no-as-needed -lstdc++
#include "operators.h"

int main(void) {
    static char global[64] __attribute__((aligned(16)));
    void *p = hide(global);
    misuse(p, p);
    operator_delete_sized(p, 42);
    went_on();
    return alive();
}
