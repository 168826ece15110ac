// Without a C++ runtime there is nothing to throw: a failing operator new ends with a message and SIGABRT.
// status: 134
// stderr: ^ft_malloc: operator new\(.*
// glibc: no, it has no operator new
#include "../check.h"

void *_Znwm(size_t size) __attribute__((weak));
void _ZdlPv(void *block) __attribute__((weak));
void *_ZnwmRKSt9nothrow_t(size_t size, const void *tag) __attribute__((weak));

int main(void) {
    void *p = _Znwm(100);
    CHECK(p != NULL);
    _ZdlPv(p);
    CHECK(_ZnwmRKSt9nothrow_t((size_t)PTRDIFF_MAX, NULL) == NULL);
    _Znwm((size_t)PTRDIFF_MAX);
    return 0;
}
