// Three producers allocate, one consumer frees everything: memory stays near what is live (mimalloc#1117, jemalloc#524).
#include "../check.h"
#include <pthread.h>
#include <stdatomic.h>

enum { SLOTS = 65536, ROUNDS = 150000, PRODUCERS = 3 };
static _Atomic(void *) slot[SLOTS];
static atomic_int running = PRODUCERS;

static void *produce(void *seed) {
    uint64_t state = address(seed) + 1;
    for (int i = 0; i < ROUNDS; i++) {
        size_t size = rnd(&state) % 1000 + 1;
        void *p = malloc(size), *empty = NULL;
        CHECK(p != NULL);
        memset(p, 1, size);
        while (!atomic_compare_exchange_weak(&slot[rnd(&state) % SLOTS], &empty, p)) empty = NULL;
    }
    atomic_fetch_sub(&running, 1);
    return NULL;
}

int main(void) {
    pthread_t thread[PRODUCERS];
    size_t before = resident(), most = 0, passes = 0;
    for (size_t i = 0; i < PRODUCERS; i++) CHECK(pthread_create(&thread[i], NULL, produce, (void *)i) == 0);
    while (atomic_load(&running) > 0) {
        for (int i = 0; i < SLOTS; i++) free(atomic_exchange(&slot[i], NULL));
        if (++passes % 4 == 0 && resident() > most) most = resident();
    }
    for (int i = 0; i < PRODUCERS; i++) CHECK(pthread_join(thread[i], NULL) == 0);
    for (int i = 0; i < SLOTS; i++) free(atomic_exchange(&slot[i], NULL));
    // A full table is 65536 blocks of 500 bytes on average, 512 with their class: 32 MiB.
    if (most > before + (72u << 20)) fprintf(stderr, "resident %zu, %zu before\n", most, before);
    CHECK(most <= before + (72u << 20));
    CHECK(mallinfo2().uordblks < (4u << 20) || !OURS);
    return 0;
}
