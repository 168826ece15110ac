// show_alloc_mem on a heap of a million blocks lists each of them and allocates nothing on the way.
// glibc: no, it has no show_alloc_mem
#include "show.h"

int main(void) {
    struct listing before = check_show(show_text());
    uint64_t state = 4;
    size_t bytes = 0;
    for (int i = 0; i < 1000000; i++) {
        size_t size = rnd_size(&state, 7);
        CHECK(malloc(size) != NULL);
        bytes += size;
    }
    size_t use = mallinfo2().uordblks;
    struct listing seen = check_show(show_text());
    CHECK(seen.blocks == before.blocks + 1000000 && seen.bytes == before.bytes + bytes);
    CHECK(mallinfo2().uordblks == use);
    return 0;
}
