// Free memory goes back with the time: a purge delay of a few milliseconds, so that ticks come all along.
// env: FT_MALLOC=purge_delay=2
#include "../faults.h"

static void work(void) {
    static struct block block[600];
    uint64_t state = 9;
    for (int round = 0; round < 6; round++) {
        for (int i = 0; i < 600; i++) {
            size_t size = rnd_size(&state, i % 60 == 0 ? 21 : 15);
            drop(&block[i]);
            put(&block[i], TRY(malloc(size)), size, (size_t)i);
        }
        for (int i = 0; i < 600; i++) if (i % 9 != 0) drop(&block[i]);
        usleep(4000);
    }
    for (int i = 0; i < 600; i++) drop(&block[i]);
}
