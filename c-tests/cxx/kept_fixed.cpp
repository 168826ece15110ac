// A program at a fixed address that takes that of operator delete has not replaced it: wrong sizes are still seen.
// cflags: -Wno-sized-deallocation -Wno-free-nonheap-object -Wno-mismatched-new-delete -fno-pie
// mode: link
// libs: -no-pie
// stderr: ft_malloc: operator delete\(0x[0-9a-f]+\): wrong size 50, .*
// glibc: no, it does not look
#include "../check.h"
#include <new>

int main() {
    void (*function)(void *) = &operator delete;
    asm volatile("" : "+r"(function));
    void *p = hide(operator new(100));
    operator delete(hide(p), (size_t)50);
    function(p);
    return 0;
}
