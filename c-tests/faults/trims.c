// malloc_trim in the midst of it all: pages that could not be given back stay usable, and so do those that could.
#include "../faults.h"

static void work(void) {
    static struct block block[800];
    uint64_t state = 8;
    for (int round = 0; round < 12; round++) {
        for (int i = 0; i < 800; i++) {
            size_t size = rnd_size(&state, i % 50 == 0 ? 19 : 14);
            if (!block[i].at) put(&block[i], TRY(malloc(size)), size, (size_t)i);
        }
        for (int i = 0; i < 800; i++) if (rnd(&state) % 4 != 0) drop(&block[i]);
        malloc_trim(0);
    }
    for (int i = 0; i < 800; i++) drop(&block[i]);
}
