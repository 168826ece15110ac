// One size class took all memory and gave it back: every other size can have it (jemalloc cannot then serve another).
// run: ulimit -v 65536
// glibc: no, its small blocks only merge when a large one asks
// emulator: no, the limit would be the emulator's
#include "../check.h"

static size_t take(size_t size, void **chain) {
    size_t count = 0;
    for (void **p; (p = malloc(size)) != NULL; count++) { *p = *chain; *chain = p; }
    CHECK(errno == ENOMEM);
    return count * size;
}
static void give(void *chain) {
    while (chain) { void *next = *(void **)chain; free(chain); chain = next; }
}

int main(void) {
    static const size_t size[] = {48, 20000, 1000, 300000, 100, 5 << 20, 16};
    size_t got;
    for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
        void *chain = NULL;
        got = take(size[i], &chain);
        if (got < (16u << 20)) fprintf(stderr, "size %zu: only %zu bytes\n", size[i], got);
        CHECK(got >= (16u << 20));
        give(chain);
    }
    return 0;
}
