// Sixty-four threads with one block of each size up to 1 KiB, in a heap that is large: a thread that has just begun to use
// a size does not get huge pages for it.
#include "check.h"
#include <pthread.h>

enum { THREADS = 64, LARGE_HEAP = 400000, STACK = 128 << 10 }; // aarch64 has no smaller stacks
static pthread_barrier_t all;

static void *work(void *unused) {
    unsigned char *block[64];
    for (size_t i = 0; i < 64; i++) CHECK((block[i] = malloc((i + 1) * 16)) != NULL);
    for (size_t i = 0; i < 64; i++) fill(block[i], (i + 1) * 16, i);
    pthread_barrier_wait(&all); // every thread has its blocks
    pthread_barrier_wait(&all); // and keeps them until they are counted
    for (size_t i = 0; i < 64; i++) {
        CHECK(holds(block[i], (i + 1) * 16, i));
        free(block[i]);
    }
    return unused;
}

int main(void) {
    for (size_t i = 0; i < LARGE_HEAP; i++) { // never freed
        size_t *p = malloc(64);
        CHECK(p != NULL);
        *p = i;
    }
    pthread_attr_t small;
    CHECK(pthread_attr_init(&small) == 0 && pthread_attr_setstacksize(&small, STACK) == 0);
    CHECK(pthread_barrier_init(&all, NULL, THREADS + 1) == 0);
    size_t before = resident();
    pthread_t thread[THREADS];
    for (size_t i = 0; i < THREADS; i++) CHECK(pthread_create(&thread[i], &small, work, NULL) == 0);
    pthread_barrier_wait(&all);
    // 20 zones a thread, of which one to four pages are used, and their metadata.
    CHECK(resident() - before < (32u << 20));
    pthread_barrier_wait(&all);
    for (size_t i = 0; i < THREADS; i++) CHECK(pthread_join(thread[i], NULL) == 0);
    return 0;
}
