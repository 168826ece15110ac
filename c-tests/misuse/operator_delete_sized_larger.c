// An object deleted as a larger class than it is of.
// libs: -Wl,--no-as-needed -lstdc++
#include "operators.h"

int main(void) {
    void *p = hide(operator_new(24));
    fill(p, 24, 1);
    misuse(p, p);
    operator_delete_sized(p, 4000);
    went_on();
    still_live(p, 24, 1);
    return alive();
}
