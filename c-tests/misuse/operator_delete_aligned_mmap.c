// C++ operator delete with an alignment of memory the program mapped itself.
// libs: -Wl,--no-as-needed -lstdc++
#include "operators.h"

int main(void) {
    void *p = hide(mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0));
    misuse(p, p);
    operator_delete_aligned(p, 64);
    went_on();
    return alive();
}
