// C++ operator delete with an alignment of a block that was deleted before.
// libs: -Wl,--no-as-needed -lstdc++
#include "operators.h"

int main(void) {
    void *keep = hide(operator_new_aligned(192, 64)), *p = hide(operator_new_aligned(192, 64));
    operator_delete_aligned(p, 64);
    misuse(p, p);
    operator_delete_aligned(hide(p), 64);
    went_on();
    operator_delete_aligned(keep, 64);
    return alive();
}
