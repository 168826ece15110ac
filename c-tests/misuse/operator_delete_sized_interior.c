// C++ operator delete with a size of a pointer to the middle of a block.
// libs: -Wl,--no-as-needed -lstdc++
#include "operators.h"

int main(void) {
    void *p = hide(operator_new(42));
    fill(p, 42, 1);
    misuse(at(p, 16), p);
    operator_delete_sized(at(p, 16), 26);
    went_on();
    CHECK(holds(p, 42, 1));
    operator_delete_sized(p, 42);
    return alive();
}
