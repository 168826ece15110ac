// An array of ten objects of 24 bytes from new[], released by delete: the size is that of one.
// libs: -Wl,--no-as-needed -lstdc++
#include "operators.h"

int main(void) {
    void *p = hide(operator_new_array(240));
    fill(p, 240, 1);
    misuse(p, p);
    operator_delete_sized(p, 24);
    went_on();
    still_live(p, 240, 1);
    return alive();
}
