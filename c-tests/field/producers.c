// Producers allocate, one consumer frees everything: memory stays near what is live (mimalloc#1117, jemalloc#524). Each
// producer has a part of the table and fills what the consumer has emptied there. So what is live does not depend on who
// runs when; and it is known when the consumer waits until all is full again, which is when memory is measured.
// The heavy version has 16 producers and 375 MiB.
#include "../check.h"
#include <pthread.h>
#include <stdatomic.h>

enum { SLOTS = 65536, MOST_SLOTS = 12 * SLOTS, MOST = 16 };
static _Atomic(void *) slot[MOST_SLOTS];
static atomic_size_t full, live, asked, made;
static atomic_int over;
static size_t part;

static void *produce(void *first) {
    _Atomic(void *) *own = &slot[address(first) * part];
    uint64_t state = address(first) + 1;
    while (!over) {
        size_t filled = 0;
        for (size_t i = 0; i < part; i++) {
            if (own[i] != NULL) continue;
            size_t size = rnd(&state) % 1000 + 1, *p = malloc(size < sizeof *p ? sizeof *p : size);
            CHECK(p != NULL);
            memset(p, 1, size);
            asked += *p = size;
            live += malloc_usable_size(p);
            own[i] = p;
            filled++;
        }
        made += filled;
        full += filled;
        if (filled == 0) usleep(1000);
    }
    return NULL;
}

// Frees one block in eight, here and there.
static void consume(size_t slots, uint64_t *state) {
    for (size_t i = rnd(state) % 15; i < slots; i += 1 + rnd(state) % 15) {
        size_t *p = atomic_exchange(&slot[i], NULL);
        if (p == NULL) continue;
        asked -= *p;
        live -= malloc_usable_size(p);
        full--;
        free(p);
    }
}

int main(void) {
    pthread_t thread[MOST];
    const size_t producers = times(4, MOST), slots = times(SLOTS, MOST_SLOTS), before = resident();
    uint64_t state = 5;
    size_t worst = 0, of_asked = 0;
    part = slots / producers;
    for (size_t i = 0; i < producers; i++) CHECK(pthread_create(&thread[i], NULL, produce, (void *)i) == 0);
    for (size_t pass = 0; pass < times(40, 80); pass++) {
        if (pass % 4 == 0) {
            while (full != slots) usleep(100);
            const size_t more = resident() - before, percent = more * 100 / live;
            if (percent > worst) worst = percent;
            if (more * 100 / asked > of_asked) of_asked = more * 100 / asked;
        }
        consume(slots, &state);
    }
    while (full != slots) usleep(100);
    counted(live >> 20, "MiB live");
    over = 1;
    for (size_t i = 0; i < producers; i++) CHECK(pthread_join(thread[i], NULL) == 0);
    for (size_t i = 0; i < slots; i++) free(atomic_exchange(&slot[i], NULL));
    // Each producer has for each class a zone that is not full, which is a third of 32 MiB, and up to an eighth of each zone
    // waits to be used again. Measured: 123 and 115 %. Of what was asked for, which leaves out what blocks are larger, it is 134
    // and 125 %.
    const size_t most = times(140, 125), most_of_asked = times(155, 140);
    if (worst > most || of_asked > most_of_asked)
        fprintf(stderr, "resident: %zu %% of what is live, %zu %% of what was asked for\n", worst, of_asked);
    CHECK(worst <= most && of_asked <= most_of_asked);
    CHECK(mallinfo2().uordblks < (4u << 20) || !OURS);
    counted(made, "blocks from producers");
    counted(worst, "% of live blocks resident at most");
    counted(of_asked, "% of what was asked for");
    return 0;
}
