// C++ operator delete with an alignment of a pointer to the middle of a block.
// libs: -Wl,--no-as-needed -lstdc++
#include "operators.h"

int main(void) {
    void *p = hide(operator_new_aligned(192, 64));
    fill(p, 42, 1);
    misuse(at(p, 64), p);
    operator_delete_aligned(at(p, 64), 64);
    went_on();
    CHECK(holds(p, 42, 1));
    operator_delete_aligned(p, 64);
    return alive();
}
