// A derived object deleted as the smaller base class, without a virtual destructor.
// libs: -Wl,--no-as-needed -lstdc++
#include "operators.h"

int main(void) {
    void *p = hide(operator_new(48));
    fill(p, 48, 1);
    misuse(p, p);
    operator_delete_sized(p, 24);
    went_on();
    still_live(p, 48, 1);
    return alive();
}
