// Freed by another thread that still lives (its free may wait in a batch), then by the owner.
#include "misuse.h"

static pthread_barrier_t step;

static void *free_and_wait(void *block) {
    free(block);
    pthread_barrier_wait(&step); // freed
    pthread_barrier_wait(&step); // main has freed too
    return NULL;
}

int main(void) {
    pthread_t thread;
    void *keep = hide(malloc(42)), *p = hide(malloc(42));
    pthread_barrier_init(&step, NULL, 2);
    misuse(p, p);
    CHECK(pthread_create(&thread, NULL, free_and_wait, p) == 0);
    pthread_barrier_wait(&step);
    free(hide(p));
    went_on();
    pthread_barrier_wait(&step);
    CHECK(pthread_join(thread, NULL) == 0);
    free(keep);
    return alive();
}
