// Exhaustion gives NULL and ENOMEM, keeps what is there intact, and is over when memory is freed: for every size.
// run: ulimit -v 65536
// emulator: no, the limit would be the emulator's
#include "../check.h"

static void *chain; // every block holds the pointer to the next one and its own size

static size_t fill_up(size_t size) {
    size_t count = 0, *p;
    errno = 0;
    while ((p = malloc(size)) != NULL) {
        *(void **)p = chain;
        p[1] = size;
        if (size > 16) fill(p + 2, size - 16 < 200 ? size - 16 : 200, size);
        chain = p;
        count++;
    }
    CHECK(errno == ENOMEM);
    return count;
}
static void empty(void) {
    while (chain) {
        size_t *p = chain, size = p[1];
        if (size > 16) CHECK(holds(p + 2, size - 16 < 200 ? size - 16 : 200, size));
        chain = *(void **)p;
        free(p);
    }
}

int main(void) {
    static const size_t size[] = {16, 100, 1000, 5000, 30000, 100000, 1000000};
    enum { SIZES = sizeof size / sizeof *size };
    size_t first[SIZES];
    const int rounds = (int)times(3, 30);
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < SIZES; i++) {
            size_t count = fill_up(size[i]);
            if (round == 0) first[i] = count;
            if (count < first[i] * 7 / 10) fprintf(stderr, "size %zu: %zu blocks, %zu in the first round\n", size[i], count, first[i]);
            CHECK(count * size[i] > (16u << 20) / (size[i] == 16 ? 2 : 1) && count >= first[i] * 7 / 10);
            REFUSED(hide(calloc(1, 50 << 20)), ENOMEM);
            REFUSED(hide(realloc(chain, 60 << 20)), ENOMEM);
            REFUSED(hide(memalign(1 << 20, 40 << 20)), ENOMEM);
            empty();
        }
    counted((size_t)rounds * SIZES, "exhaustions");
    return 0;
}
