// C++ operator delete, by its name, of a block that was deleted before.
#include "misuse.h"

void *_Znwm(size_t) __attribute__((weak));
void _ZdlPv(void *) __attribute__((weak));

int main(void) {
    void *keep = hide(_Znwm(42)), *p = hide(_Znwm(42));
    _ZdlPv(p);
    misuse(p, p);
    _ZdlPv(hide(p));
    _ZdlPv(keep);
    return alive();
}
