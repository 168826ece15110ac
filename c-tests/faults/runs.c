// LARGE blocks that are runs of an arena: above 32 KiB, below 4 MiB.
#include "../faults.h"

static void work(void) {
    static struct block block[60];
    uint64_t state = 2;
    for (int i = 0; i < 1500; i++) {
        struct block *b = &block[rnd(&state) % 60];
        size_t size = 32769 + rnd(&state) % (i % 10 == 0 ? 4000000 : 400000);
        drop(b);
        put(b, TRY(malloc(size)), size, (size_t)i);
    }
    for (int i = 0; i < 60; i++) drop(&block[i]);
}
