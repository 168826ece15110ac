// All functions, at random, by two threads with blocks of all sizes.
#include "../faults.h"

enum { COUNT = 150 };

static void step(struct block *b, uint64_t *state, size_t seed) {
    const size_t size = rnd_size(state, seed % 200 == 0 ? 23 : seed % 20 == 0 ? 18 : 13);
    const size_t alignment = (size_t)16 << rnd(state) % 10;
    switch (rnd(state) % 8) {
    case 0: resize(b, size + 1, seed); return;
    case 1: look(b); return;
    case 2: drop(b); put(b, TRY(memalign(alignment, size)), size, seed); return;
    case 3: drop(b); put(b, TRY(calloc(1, size)), size, seed); return;
    case 4: drop(b); return;
    case 5: if (seed % 300 == 0) malloc_trim(0); return;
    default: drop(b); put(b, TRY(malloc(size)), size, seed); return;
    }
}
static void *run(void *which) {
    struct block block[COUNT] = {{NULL, 0, 0}};
    uint64_t state = address(which) + 10;
    for (size_t i = 0; i < 6000; i++) step(&block[rnd(&state) % COUNT], &state, i);
    for (int i = 0; i < COUNT; i++) drop(&block[i]);
    return NULL;
}

static void work(void) {
    pthread_t thread;
    const int there = made(pthread_create(&thread, NULL, run, (void *)1));
    run((void *)2);
    if (there) CHECK(pthread_join(thread, NULL) == 0);
}
