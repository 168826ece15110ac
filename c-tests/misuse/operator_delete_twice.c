// C++ operator delete of a block that was deleted before.
// libs: -Wl,--no-as-needed -lstdc++
#include "operators.h"

int main(void) {
    void *keep = hide(operator_new(42)), *p = hide(operator_new(42));
    operator_delete(p);
    misuse(p, p);
    operator_delete(hide(p));
    went_on();
    operator_delete(keep);
    return alive();
}
