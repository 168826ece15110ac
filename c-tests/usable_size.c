// malloc_usable_size: at least what was asked, the same for the block's whole life, and all of it writable.
#include "check.h"

int main(void) {
    enum { COUNT = 400 };
    void *p[COUNT];
    size_t usable[COUNT];
    uint64_t state = 11;
    CHECK(malloc_usable_size(NULL) == 0);
    for (size_t i = 0; i < COUNT; i++) {
        size_t size = i < 200 ? i * 11 : rnd_size(&state, 19);
        p[i] = i % 5 == 0 ? memalign(16u << (i % 9), size) : i % 5 == 1 ? calloc(1, size) : malloc(size);
        CHECK(p[i] != NULL);
        usable[i] = malloc_usable_size(p[i]);
        CHECK(usable[i] >= size);
        fill(p[i], usable[i], i);
    }
    for (size_t i = 0; i < COUNT; i++) CHECK(malloc_usable_size(p[i]) == usable[i] && holds(p[i], usable[i], i));
    for (size_t i = 0; i < COUNT; i += 2) free(p[i]);
    for (size_t i = 1; i < COUNT; i += 2) {
        CHECK(malloc_usable_size(p[i]) == usable[i] && holds(p[i], usable[i], i));
        free(p[i]);
    }
    return 0;
}
