// glibc's own names of the functions lead to the same heap: a block of either comes to the other's free.
// glibc: no, some libcs lack them
#include "../check.h"

void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);
void *__libc_valloc(size_t), *__libc_pvalloc(size_t);
void __libc_free(void *);

int main(void) {
    char *p = hide(__libc_calloc(10, 10));
    CHECK(p && p[99] == 0);
    CHECK((p = hide(realloc(p, 300))) && malloc_usable_size(p) >= 300);
    CHECK((p = hide(__libc_realloc(p, 70000))) != NULL);
    __libc_free(p);
    free(hide(__libc_malloc(100)));
    __libc_free(hide(malloc(100)));
    CHECK((p = hide(__libc_memalign(256, 100))) && aligned(p, 256));
    free(p);
    free(hide(__libc_valloc(100)));
    free(hide(__libc_pvalloc(100)));
    __libc_free(NULL);
    return 0;
}
