// posix_memalign says what failed by its return value alone: errno and the pointer stay as they were.
#include "check.h"

static void refuses(size_t alignment, size_t size, int code) {
    void *const untouched = (void *)0x1234;
    void *p = untouched;
    errno = 55;
    CHECK(posix_memalign(&p, alignment, size) == code);
    CHECK(p == untouched);
    CHECK(errno == 55 || !OURS); // glibc sets it when memory is short
}

int main(void) {
    static const size_t bad[] = {0, 1, 2, 4, 3, 12, 24, 48, 100, 4097, SIZE_MAX, SIZE_MAX - 1};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) refuses(bad[i], 100, EINVAL);
    for (size_t alignment = 8; alignment <= 1 << 20; alignment *= 2) {
        refuses(alignment, SIZE_MAX, ENOMEM);
        refuses(alignment, SIZE_MAX - alignment, ENOMEM);
        refuses(alignment, (size_t)PTRDIFF_MAX + 1, ENOMEM);
        void *p = NULL;
        errno = 55;
        CHECK(posix_memalign(&p, alignment, 100) == 0 && errno == 55);
        CHECK(p != NULL && aligned(p, alignment) && aligned(p, 16));
        fill(p, 100, alignment);
        CHECK(holds(p, 100, alignment));
        free(p);
    }
    return 0;
}
