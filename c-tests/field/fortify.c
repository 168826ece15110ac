// _FORTIFY_SOURCE=3 and malloc_usable_size (systemd#22801, jemalloc#2238): growing a block to its usable size does not
// move it, and then all of it is writable under the compiler's checks.
// cflags: -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fbuiltin
#include "../check.h"

__attribute__((noinline)) static void *to_usable(void *p) { return realloc(p, malloc_usable_size(p)); }

int main(void) {
    volatile size_t top = 40000;
    for (size_t size = 1; size < top; size += 1 + size / 10) {
        char *p = malloc(size), *q;
        CHECK(p != NULL);
        memset(p, 'x', size);
        snprintf(p, size, "%s", "some text");
        uintptr_t was = address(p);
        q = to_usable(p);
        CHECK(q != NULL && address(q) == was);
        size_t usable = malloc_usable_size(hide(q));
        CHECK(usable >= size);
        memset(hide(q), 'y', usable);
        CHECK(malloc_usable_size(hide(q)) == usable && all_bytes(q, usable, 'y'));
        free(q);
    }
    return 0;
}
