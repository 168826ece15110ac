// Sixteen threads with one block of each size from 1 to 32 KiB, in a program that has just freed much: the memory that was
// freed goes back, all but a part, and does not stay resident under the few blocks of the threads.
// env: FT_MALLOC=purge_delay=300
// emulator: no, its own memory and address space are in the figures
#include "check.h"
#include <pthread.h>

enum { THREADS = 16, SIZES = 40, STACK = 128 << 10, BLOCK = 20000, MEGABYTES = 30 };
static pthread_barrier_t all;
static void *freed[(MEGABYTES << 20) / BLOCK];

static size_t nth_size(size_t i) { return ((8 + i % 8 + 1) << 7) << i / 8; } // eight a doubling, as ours are

static void *work(void *unused) {
    unsigned char *block[SIZES];
    for (size_t i = 0; i < SIZES; i++) {
        CHECK((block[i] = malloc(nth_size(i))) != NULL);
        block[i][0] = (unsigned char)i;
    }
    pthread_barrier_wait(&all); // every thread has its blocks
    pthread_barrier_wait(&all); // and keeps them until they are counted
    for (size_t i = 0; i < SIZES; i++) {
        CHECK(block[i][0] == i);
        free(block[i]);
    }
    return unused;
}

int main(void) {
    const size_t count = sizeof freed / sizeof *freed;
    pthread_attr_t small;
    CHECK(pthread_attr_init(&small) == 0 && pthread_attr_setstacksize(&small, STACK) == 0);
    CHECK(pthread_barrier_init(&all, NULL, THREADS + 1) == 0);
    const size_t before = resident();
    for (size_t i = 0; i < count; i++) {
        CHECK((freed[i] = malloc(BLOCK)) != NULL);
        fill(freed[i], BLOCK, i);
    }
    CHECK(resident() - before > (MEGABYTES - 1u) << 20);
    for (size_t i = 0; i < count; i++) free(freed[i]);
    pthread_t thread[THREADS];
    for (size_t i = 0; i < THREADS; i++) CHECK(pthread_create(&thread[i], &small, work, NULL) == 0);
    pthread_barrier_wait(&all);
    for (int i = 0; i < 3; i++) { // what is free for two delays goes back when something is taken or given
        usleep(350000);
        free(hide(malloc(100000)));
    }
    // 640 blocks, of each of which one page was touched; and 8 MiB that may stay.
    CHECK(resident() - before < (16u << 20));
    pthread_barrier_wait(&all);
    for (size_t i = 0; i < THREADS; i++) CHECK(pthread_join(thread[i], NULL) == 0);
    return 0;
}
