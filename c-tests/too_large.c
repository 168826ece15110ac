// Sizes above PTRDIFF_MAX, products that overflow and sizes no machine has give NULL and ENOMEM, in every function.
// mode: preload link static
#include "check.h"

int main(void) {
    static const size_t size[] = {
        (size_t)PTRDIFF_MAX - 70000, PTRDIFF_MAX, (size_t)PTRDIFF_MAX + 1,
        SIZE_MAX - 70000, SIZE_MAX - 4096, SIZE_MAX - 15, SIZE_MAX - 1, SIZE_MAX,
    };
    for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
        size_t n = size[i];
        REFUSED(hide(malloc(n)), ENOMEM);
        REFUSED(hide(calloc(n, 1)), ENOMEM);
        REFUSED(hide(calloc(1, n)), ENOMEM);
        REFUSED(hide(calloc(n, n)), ENOMEM);
        REFUSED(hide(realloc(NULL, n)), ENOMEM);
        REFUSED(hide(reallocarray(NULL, n, 1)), ENOMEM);
        REFUSED(hide(aligned_alloc(16, n)), ENOMEM);
        REFUSED(hide(aligned_alloc(4096, n)), ENOMEM);
        REFUSED(hide(memalign(64, n)), ENOMEM);
        REFUSED(hide(memalign((size_t)1 << 30, n)), ENOMEM);
        REFUSED(hide(valloc(n)), ENOMEM);
        REFUSED(hide(pvalloc(n)), ENOMEM);
    }
    volatile size_t half = SIZE_MAX / 2, root = (size_t)1 << 32; // volatile: the compiler would warn
    REFUSED(hide(calloc(half, 3)), ENOMEM);
    REFUSED(hide(calloc(root, root)), ENOMEM); // the product is 0 in 64 bits
    REFUSED(hide(calloc(root + 1, root)), ENOMEM);
    REFUSED(hide(reallocarray(NULL, root, root)), ENOMEM);
    return 0;
}
