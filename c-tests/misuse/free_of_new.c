// free of what C++ operator new gave.
// libs: -Wl,--no-as-needed -lstdc++
#include "operators.h"

int main(void) {
    void *p = hide(operator_new(42));
    misuse(p, p);
    free(p);
    went_on();
    return alive();
}
