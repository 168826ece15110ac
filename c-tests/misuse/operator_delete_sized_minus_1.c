// C++ operator delete with a size of the last address there is.
// libs: -Wl,--no-as-needed -lstdc++
#include "operators.h"

int main(void) {
    void *p = hide((void *)-1);
    misuse(p, p);
    operator_delete_sized(p, 42);
    went_on();
    return alive();
}
