// C++ operator delete with a size of memory the program mapped itself.
// libs: -Wl,--no-as-needed -lstdc++
#include "operators.h"

int main(void) {
    void *p = hide(mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0));
    misuse(p, p);
    operator_delete_sized(p, 42);
    went_on();
    return alive();
}
