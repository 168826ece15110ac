// A thread has at most one block of each size from 1 to 32 KiB at a time, and another thread frees them: the next block of a
// size takes the place of the last one, instead of memory that nobody has touched yet.
#include "check.h"
#include <pthread.h>

enum { SIZES = 40, ROUNDS = 64 };
static pthread_barrier_t both;
static unsigned char *block[SIZES];

static size_t nth_size(size_t i) { return ((8 + i % 8 + 1) << 7) << i / 8; } // eight a doubling, as ours are

static void *work(void *unused) {
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < SIZES; i++) {
            CHECK((block[i] = malloc(nth_size(i))) != NULL);
            fill(block[i], nth_size(i), round + i);
        }
        pthread_barrier_wait(&both); // here they are
        pthread_barrier_wait(&both); // and there they went
    }
    return unused;
}

int main(void) {
    pthread_t thread;
    CHECK(pthread_barrier_init(&both, NULL, 2) == 0);
    const size_t before = resident();
    CHECK(pthread_create(&thread, NULL, work, NULL) == 0);
    for (size_t round = 0; round < ROUNDS; round++) {
        pthread_barrier_wait(&both);
        for (size_t i = 0; i < SIZES; i++) {
            CHECK(holds(block[i], nth_size(i), round + i));
            free(block[i]);
        }
        pthread_barrier_wait(&both);
    }
    CHECK(pthread_join(thread, NULL) == 0);
    // 408 KiB at a time; all zones of these sizes together are 14 MiB.
    CHECK(resident() - before < (3u << 20));
    return 0;
}
