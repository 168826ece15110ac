// calloc gives zeros, whatever was there and whether or not it could be given back.
#include "../faults.h"

static void work(void) {
    static struct block block[100];
    uint64_t state = 4;
    for (int i = 0; i < 1500; i++) {
        struct block *b = &block[rnd(&state) % 100];
        size_t size = rnd_size(&state, i % 100 == 0 ? 23 : i % 10 == 0 ? 18 : 13);
        if (b->at) memset(b->at, 0xff, malloc_usable_size(b->at));
        free(b->at);
        unsigned char *zeros = TRY(calloc(1, size));
        if (zeros) CHECK(all_bytes(zeros, size, 0));
        put(b, zeros, size, (size_t)i);
        if (i % 500 == 499) malloc_trim(0);
    }
    for (int i = 0; i < 100; i++) drop(&block[i]);
}
