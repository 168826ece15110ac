// C++ operator delete[] with a size that new[] was not asked for.
// libs: -Wl,--no-as-needed -lstdc++
#include "operators.h"

int main(void) {
    void *p = hide(operator_new_array(240));
    fill(p, 240, 1);
    misuse(p, p);
    operator_delete_array_sized(p, 120);
    went_on();
    still_live(p, 240, 1);
    return alive();
}
