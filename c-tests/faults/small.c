// Blocks of up to 1024 bytes, taken and freed at random.
#include "../faults.h"

static void work(void) {
    static struct block block[3000];
    uint64_t state = 1;
    for (int i = 0; i < 12000; i++) {
        struct block *b = &block[rnd(&state) % 3000];
        size_t size = rnd(&state) % 1025;
        drop(b);
        put(b, TRY(malloc(size)), size, (size_t)i);
    }
    for (int i = 0; i < 3000; i++) drop(&block[i]);
}
