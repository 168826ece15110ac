// A program that replaces malloc and the rest by wrappers around glibc's own names of them: these must lead to the library's
// functions and not back to the wrappers. reallocarray, which such programs leave to the C library, must go through theirs.
// glibc: no, some libcs lack them
#include "../check.h"

void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);
void *__libc_valloc(size_t), *__libc_pvalloc(size_t);
void __libc_free(void *);

static int calls, inside;

#define WRAP(result, name, parameters, call) \
    result name parameters { CHECK(inside++ == 0); calls++; result block = call; inside--; return block; }
WRAP(void *, malloc, (size_t size), __libc_malloc(size))
WRAP(void *, calloc, (size_t count, size_t size), __libc_calloc(count, size))
WRAP(void *, realloc, (void *p, size_t size), __libc_realloc(p, size))
WRAP(void *, memalign, (size_t alignment, size_t size), __libc_memalign(alignment, size))
WRAP(void *, aligned_alloc, (size_t alignment, size_t size), __libc_memalign(alignment, size))
WRAP(void *, valloc, (size_t size), __libc_valloc(size))
WRAP(void *, pvalloc, (size_t size), __libc_pvalloc(size))
void free(void *p) { CHECK(inside++ == 0); calls++; __libc_free(p); inside--; }
void cfree(void *p) { free(p); }

int main(void) {
    const size_t sizes[] = {10, 500, 3000, 100000, 8 << 20};
    for (int i = 0; i < 5; i++) {
        size_t size = sizes[i];
        char *p = hide(malloc(size));
        CHECK(p && malloc_usable_size(p) >= size);
        CHECK((p = hide(realloc(p, 2 * size))) != NULL);
        int before = calls;
        CHECK((p = hide(reallocarray(p, 3, size))) && calls == before + 1);
        free(p);
        CHECK((p = hide(calloc(1, size))) && p[size - 1] == 0);
        free(p);
        CHECK((p = hide(memalign(256, size))) && aligned(p, 256));
        free(p);
        CHECK((p = hide(aligned_alloc(512, size))) && aligned(p, 512));
        cfree(p);
        free(hide(valloc(size)));
        free(hide(pvalloc(size)));
    }
    free(hide(strdup("text")));
    CHECK(calls > 60);
    return 0;
}
