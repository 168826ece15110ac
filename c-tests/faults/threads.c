// Threads start, allocate and end, several at a time; some of what they leave is freed by main.
// emulator: no, its own memory and address space are in the figures
#include "../faults.h"

enum { THREADS = 4, COUNT = 120 };
static struct block left[THREADS][COUNT];

static void *run(void *which) {
    uint64_t state = address(which) + 5;
    for (int i = 0; i < COUNT; i++) {
        struct block own;
        size_t size = rnd_size(&state, i % 20 == 0 ? 17 : 12);
        put(&own, TRY(malloc(size)), size, (size_t)i);
        put(&left[address(which)][i], TRY(malloc(size)), size, (size_t)i);
        drop(&own);
    }
    return NULL;
}

static void work(void) {
    for (int round = 0; round < 15; round++) {
        pthread_t thread[THREADS];
        int there[THREADS];
        for (size_t i = 0; i < THREADS; i++) there[i] = made(pthread_create(&thread[i], NULL, run, (void *)i));
        for (int i = 0; i < THREADS; i++)
            if (there[i]) CHECK(pthread_join(thread[i], NULL) == 0);
        for (int i = 0; i < THREADS; i++)
            for (int k = 0; k < COUNT; k++) drop(&left[i][k]);
    }
}
