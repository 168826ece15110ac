// A million live blocks of 1 B to 64 KiB need at most 100 mappings more than an empty heap: vm.max_map_count is 65530
// (jemalloc#970, mimalloc#1309). The blocks stay untouched, so this needs address space but little memory.
// glibc: no, its free lists are in the blocks and its arenas grow another way
#include "../check.h"

int main(void) {
    size_t before = mappings();
    uint64_t state = 9;
    const int blocks = (int)times(1000000, 8000000);
    for (int i = 0; i < blocks; i++) {
        size_t size = i % 1000 == 0 ? 65536 - (size_t)i % 7 : rnd_size(&state, 16) + 1; // 7 KiB on average
        CHECK(malloc(size) != NULL);
    }
    size_t after = mappings();
    if (after > before + 100) fprintf(stderr, "%zu mappings, %zu before\n", after, before);
    CHECK(after <= before + 100);
    counted((size_t)blocks, "live blocks");
    counted(after, "mappings");
    return 0;
}
