// LARGE blocks with a mapping of their own: taken, grown, cut, freed, kept for a moment.
#include "../faults.h"

static void work(void) {
    static struct block block[8];
    uint64_t state = 3;
    for (int i = 0; i < 90; i++) {
        struct block *b = &block[rnd(&state) % 8];
        size_t size = (4 << 20) + rnd(&state) % (12 << 20);
        if (i % 3 == 0) {
            resize(b, size, (size_t)i);
        } else {
            drop(b);
            put(b, TRY(malloc(size)), size, (size_t)i);
        }
        if (i % 30 == 29) usleep(25000); // longer than freed mappings wait
    }
    for (int i = 0; i < 8; i++) drop(&block[i]);
}
