// Four threads hand blocks to each other through a shared table, with contents: each block is freed by whoever comes.
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>

enum { SLOTS = 512 };
static _Atomic(size_t *) table[SLOTS];

static void release(size_t *p) { // a block says its own size in its first word
    if (p) CHECK(holds(p + 1, *p - sizeof *p, *p));
    free(p);
}

static void *work(void *seed) {
    uint64_t state = address(seed);
    for (int i = 0; i < 30000; i++) {
        size_t size = rnd_size(&state, i % 100 == 0 ? 17 : 10) + sizeof size;
        size_t *p = i % 7 == 0 ? calloc(1, size) : malloc(size);
        CHECK(p != NULL);
        *p = size;
        fill(p + 1, size - sizeof size, size);
        release(atomic_exchange(&table[rnd(&state) % SLOTS], p));
    }
    return NULL;
}

int main(void) {
    for (int round = 0; round < 2; round++) { // the second round meets zones of ended threads
        pthread_t thread[4];
        for (size_t i = 0; i < 4; i++) CHECK(pthread_create(&thread[i], NULL, work, (void *)(i + 1)) == 0);
        for (int i = 0; i < 4; i++) CHECK(pthread_join(thread[i], NULL) == 0);
    }
    for (int i = 0; i < SLOTS; i++) release(table[i]);
    return 0;
}
