// C++ operator delete[], by its name, of a pointer to the middle of a block (an array cookie forgotten).
#include "misuse.h"

void *_Znam(size_t) __attribute__((weak));
void _ZdaPv(void *) __attribute__((weak));

int main(void) {
    void *p = hide(_Znam(42));
    misuse(at(p, 8), p);
    _ZdaPv(at(p, 8));
    _ZdaPv(p);
    return alive();
}
