// C++ operator delete with the right alignment and a wrong size.
// libs: -Wl,--no-as-needed -lstdc++
#include "operators.h"

int main(void) {
    void *p = hide(operator_new_aligned(192, 64));
    fill(p, 192, 1);
    misuse(p, p);
    operator_delete_sized_aligned(p, 128, 64);
    went_on();
    still_live(p, 192, 1);
    return alive();
}
