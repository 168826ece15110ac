// show_alloc_mem, malloc_stats and the numbers of mallinfo2 between allocations that fail.
#include "../faults.h"

static void work(void) {
    static struct block block[300];
    int out = dup(1), err = dup(2), nowhere = open("/dev/null", O_WRONLY);
    CHECK(out >= 0 && err >= 0 && nowhere >= 0);
    for (int round = 0; round < 8; round++) {
        for (int i = 0; i < 300; i++) {
            size_t size = (size_t)(i * i * (round + 1)) % 70000;
            put(&block[i], TRY(malloc(size)), size, (size_t)i);
        }
        dup2(nowhere, 1);
        dup2(nowhere, 2);
        if (OURS) show_alloc_mem();
        malloc_stats();
        dup2(out, 1);
        dup2(err, 2);
        CHECK(mallinfo2().uordblks < (1u << 30));
        for (int i = 0; i < 300; i++) drop(&block[i]);
    }
    close(out);
    close(err);
    close(nowhere);
}
