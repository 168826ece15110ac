// A realloc that fails leaves the old block as it was, usable and freeable.
#include "check.h"

int main(void) {
    static const size_t size[] = {0, 40, 1000, 20000, 1000000};
    // volatile: the compiler would warn
    static volatile const size_t bad[] = {(size_t)PTRDIFF_MAX + 1, SIZE_MAX, (size_t)PTRDIFF_MAX - 100000};
    for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
        void *p = hide(malloc(size[i]));
        fill(p, size[i], i);
        for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) REFUSED(realloc(p, bad[k]), ENOMEM);
        REFUSED(reallocarray(p, bad[1] / 2, 3), ENOMEM);
        CHECK(holds(p, size[i], i) && malloc_usable_size(p) >= size[i]);
        CHECK((p = realloc(p, size[i] + 100)) != NULL && holds(p, size[i], i));
        free(p);
    }
    return 0;
}
