// C++ operator delete of a LARGE block with a wrong size.
// libs: -Wl,--no-as-needed -lstdc++
#include "operators.h"

int main(void) {
    void *p = hide(operator_new(100000));
    fill(p, 100000, 1);
    misuse(p, p);
    operator_delete_sized(p, 24);
    went_on();
    still_live(p, 100000, 1);
    return alive();
}
