// The same in a program that has a malloc of its own, too, around the library's.
// cflags: -Wno-sized-deallocation
#include "replaced.h"

extern "C" void *__libc_malloc(size_t);
extern "C" void __libc_free(void *);
static int mallocs;

extern "C" void *malloc(size_t size) {
    mallocs++;
    return __libc_malloc(size);
}
extern "C" void free(void *p) { __libc_free(p); }

int main() {
    every_form();
    CHECK(mallocs > 0);
    return 0;
}
