// aligned_alloc and memalign refuse an alignment that is not a power of two: NULL and EINVAL. The size need not be a
// multiple of the alignment (C17 dropped that rule, and programs rely on it).
// glibc: no, it rounds the alignment up
#include "check.h"

int main(void) {
    static const size_t bad[] = {0, 3, 5, 12, 24, 48, 100, 4095, 4097, SIZE_MAX, SIZE_MAX - 1};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        REFUSED(hide(aligned_alloc(bad[i], 100)), EINVAL);
        REFUSED(hide(memalign(bad[i], 100)), EINVAL);
        REFUSED(hide(aligned_alloc(bad[i], 0)), EINVAL);
    }
    for (size_t alignment = 1; alignment <= 1 << 20; alignment *= 2) {
        void *p = aligned_alloc(alignment, 100), *q = memalign(alignment, 33);
        CHECK(p && q && aligned(p, alignment) && aligned(q, alignment) && aligned(p, 16) && aligned(q, 16));
        free(p);
        free(q);
    }
    return 0;
}
