// malloc(0) gives a block: not NULL, different from all other blocks, freeable.
#include "check.h"

static int by_address(const void *a, const void *b) {
    uintptr_t x = address(*(void *const *)a), y = address(*(void *const *)b);
    return (x > y) - (x < y);
}

int main(void) {
    static void *p[3000];
    for (int i = 0; i < 3000; i += 3) {
        p[i] = malloc(0);
        p[i + 1] = malloc(1);
        p[i + 2] = calloc(i % 2, 0);
        CHECK(p[i] && p[i + 1] && p[i + 2] && aligned(p[i], 16) && aligned(p[i + 2], 16));
    }
    qsort(p, 3000, sizeof *p, by_address);
    for (int i = 1; i < 3000; i++) CHECK(p[i] != p[i - 1]);
    for (int i = 0; i < 3000; i++) free(p[i]);
    return 0;
}
