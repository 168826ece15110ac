// What lies behind the last byte that may be used of a long LARGE block cannot be touched, wherever realloc lets the block
// end; what may be used can be, and so can all that is allocated there later.
// glibc: no, it has no guards
#include "guards.h"
#include <time.h>

// Guards come one by one, and some more with time.
static void wait_a_while(void) {
    const struct timespec time = {0, 30000000};
    nanosleep(&time, NULL);
}

static void check(char *p, size_t size) {
    CHECK(p != NULL);
    const size_t usable = malloc_usable_size(p);
    CHECK(usable >= size && usable < size + 65536);
    memset(p, 1, usable);
    CHECK(readable(p + usable - 1) && !readable(p + usable));
}

// Sizes in KiB one after the other, each by realloc of the one before.
static void follow(const size_t *kib, size_t count) {
    char *p = NULL;
    for (size_t i = 0; i < count; i++) {
        wait_a_while();
        const size_t size = kib[i] * 1024 - i % 3;
        p = hide(realloc(p, size));
        check(p, size);
    }
    free(p);
}

int main(void) {
    static const size_t run[] = {1024, 1500, 2048, 2050, 2111, 3000, 1024, 600, 577, 576, 575, 3500, 512};
    static const size_t mapping[] = {8192, 12288, 6144, 6148, 30000, 5000};
    if (!has_guards()) skip("this kernel has no guard pages");
    for (int round = 0; round < 3; round++) {
        follow(run, sizeof run / sizeof *run);
        follow(mapping, sizeof mapping / sizeof *mapping);
        // Blocks of all sizes where guards were.
        enum { COUNT = 600 };
        static char *block[COUNT];
        uint64_t state = 5;
        for (size_t i = 0; i < COUNT; i++) {
            const size_t size = 1 + rnd(&state) % (i % 2 ? 40000 : 300000);
            CHECK((block[i] = hide(i % 3 ? malloc(size) : calloc(1, size))) != NULL);
            for (size_t at = 0; i % 3 == 0 && at < size; at++) CHECK(block[i][at] == 0);
            memset(block[i], 1, malloc_usable_size(block[i]));
        }
        for (size_t i = 0; i < COUNT; i++) free(block[i]);
    }
    return 0;
}
