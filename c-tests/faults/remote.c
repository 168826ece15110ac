// Blocks cross threads all the time: whoever takes one out of the table frees it.
#include "../faults.h"
#include <stdatomic.h>

enum { THREADS = 3, SLOTS = 400 };
static _Atomic(struct block *) slot[SLOTS];

static void end_of(struct block *b) {
    if (!b) return;
    drop(b);
    free(b);
}
static void *run(void *seed) {
    uint64_t state = address(seed) + 6;
    for (int i = 0; i < 4000; i++) {
        struct block *b = TRY(malloc(sizeof *b));
        size_t size = rnd_size(&state, i % 40 == 0 ? 17 : 11);
        if (b) put(b, TRY(malloc(size)), size, (size_t)i);
        end_of(atomic_exchange(&slot[rnd(&state) % SLOTS], b));
    }
    return NULL;
}

static void work(void) {
    pthread_t thread[THREADS];
    int there[THREADS];
    for (size_t i = 0; i < THREADS; i++) there[i] = made(pthread_create(&thread[i], NULL, run, (void *)i));
    run((void *)100);
    for (int i = 0; i < THREADS; i++)
        if (there[i]) CHECK(pthread_join(thread[i], NULL) == 0);
    for (int i = 0; i < SLOTS; i++) end_of(atomic_exchange(&slot[i], NULL));
}
