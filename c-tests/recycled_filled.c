// A program that frees 30 MiB and then fills zones of one size after another, from 1 to 32 KiB: what was freed serves, and no
// memory comes besides.
// env: FT_MALLOC=purge_delay=100000
// glibc: no, it keeps what was freed in other pieces
#include "check.h"

enum { SIZES = 40, BLOCK = 20000, MEGABYTES = 30, ZONE = 512 << 10 };
static void *freed[(MEGABYTES << 20) / BLOCK];
static void *block[SIZES * ZONE / 1024];

static size_t nth_size(size_t i) { return ((8 + i % 8 + 1) << 7) << i / 8; } // eight a doubling, as ours are

int main(void) {
    const size_t count = sizeof freed / sizeof *freed;
    for (size_t i = 0; i < count; i++) {
        CHECK((freed[i] = malloc(BLOCK)) != NULL);
        fill(freed[i], BLOCK, i);
    }
    for (size_t i = 0; i < count; i++) free(freed[i]);
    memset(block, 1, sizeof block); // resident before it is counted
    const size_t before = resident();
    size_t blocks = 0;
    for (size_t i = 0; i < SIZES; i++) {
        // A zone of 256 KiB and a half, or one of 512 KiB and a block: the first one is full when the second one begins.
        const size_t size = nth_size(i), bytes = size <= 8192 ? 384 << 10 : ZONE + size;
        for (size_t had = 0; had < bytes; had += size, blocks++) {
            CHECK((block[blocks] = malloc(size)) != NULL);
            memset(block[blocks], 2, size);
        }
    }
    CHECK(resident() < before + (2u << 20));
    for (size_t i = 0; i < blocks; i++) free(block[i]);
    return 0;
}
