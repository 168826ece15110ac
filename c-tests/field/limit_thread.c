// A brand-new thread makes its first call when there is no memory at all: NULL and ENOMEM, and it works once there is
// some. Its end with nothing ever allocated is quiet, too.
// run: ulimit -v 65536
// glibc: no, freed memory stays with the arena that had it
// emulator: no, the limit would be the emulator's
#include "../check.h"
#include <pthread.h>
#include <semaphore.h>

static sem_t full, tried, freed;

static void *work(void *unused) {
    static const size_t size[] = {0, 10, 100, 1000, 10000, 100000, 1000000};
    sem_wait(&full);
    free(NULL);
    for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
        errno = 0;
        void *p = malloc(size[i]);
        CHECK(p != NULL || errno == ENOMEM); // a few bytes may be left somewhere
        CHECK(p == NULL || size[i] < 100000);
        free(p);
    }
    sem_post(&tried);
    sem_wait(&freed);
    for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
        void *p = malloc(size[i]);
        CHECK(p != NULL);
        fill(p, size[i], i);
        free(p);
    }
    return unused;
}
static void *idle(void *unused) {
    sem_wait(&full);
    free(NULL);
    return unused;
}

int main(void) {
    pthread_attr_t attributes;
    pthread_t thread[2];
    void *chain = NULL, **p;
    sem_init(&full, 0, 0);
    sem_init(&tried, 0, 0);
    sem_init(&freed, 0, 0);
    CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, 131072) == 0);
    CHECK(pthread_create(&thread[0], &attributes, work, NULL) == 0 && pthread_create(&thread[1], &attributes, idle, NULL) == 0);
    for (size_t size = 100000; size >= 16; size /= 3)
        while ((p = malloc(size)) != NULL) { *p = chain; chain = p; }
    sem_post(&full);
    sem_post(&full);
    CHECK(pthread_join(thread[1], NULL) == 0);
    sem_wait(&tried);
    while (chain) { p = chain; chain = *p; free(p); }
    sem_post(&freed);
    CHECK(pthread_join(thread[0], NULL) == 0);
    return 0;
}
