// C++ operator delete with a size of an address that no x86-64 has.
// libs: -Wl,--no-as-needed -lstdc++
#include "operators.h"

int main(void) {
    void *p = hide((void *)0xdeadbeefdeadbee0);
    misuse(p, p);
    operator_delete_sized(p, 42);
    went_on();
    return alive();
}
