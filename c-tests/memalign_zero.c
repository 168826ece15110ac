// memalign(a, 0) and its relatives give aligned, distinct, freeable blocks.
#include "check.h"

int main(void) {
    for (size_t alignment = 16; alignment <= 1 << 20; alignment *= 2) {
        void *a = memalign(alignment, 0), *b = aligned_alloc(alignment, 0), *c = NULL;
        CHECK(posix_memalign(&c, alignment, 0) == 0);
        CHECK(a && b && c && a != b && b != c && a != c);
        CHECK(aligned(a, alignment) && aligned(b, alignment) && aligned(c, alignment));
        free(a);
        free(b);
        free(c);
    }
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *v = valloc(0), *w = pvalloc(0), *x = pvalloc(1), *y = valloc(100);
    CHECK(v && w && x && y && aligned(v, page) && aligned(w, page) && aligned(x, page) && aligned(y, page));
    CHECK(malloc_usable_size(x) >= page); // pvalloc rounds up to whole pages
    fill(x, page, 1);
    free(v);
    free(w);
    free(x);
    free(y);
    return 0;
}
