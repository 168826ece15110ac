// C++ operator delete with a size of a block that was deleted before.
// libs: -Wl,--no-as-needed -lstdc++
#include "operators.h"

int main(void) {
    void *keep = hide(operator_new(42)), *p = hide(operator_new(42));
    operator_delete_sized(p, 42);
    misuse(p, p);
    operator_delete_sized(hide(p), 42);
    went_on();
    operator_delete_sized(keep, 42);
    return alive();
}
