// C++ operator delete[] of a pointer to the middle of a block (an array cookie forgotten).
// libs: -Wl,--no-as-needed -lstdc++
#include "operators.h"

int main(void) {
    void *p = hide(operator_new_array(42));
    misuse(at(p, 8), p);
    operator_delete_array(at(p, 8));
    went_on();
    operator_delete_array(p);
    return alive();
}
