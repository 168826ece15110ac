// After a fork, parent and child allocate with several threads, the one that forked among them, and nothing goes wrong: mutexes
// are taken again by all.
#include "check.h"
#include <pthread.h>
#include <sys/wait.h>

static void *work(void *seed) {
    enum { LIVE = 40 };
    uint64_t state = (uint64_t)(uintptr_t)seed;
    unsigned char *block[LIVE] = {NULL};
    size_t size[LIVE] = {0};
    for (int i = 0; i < 60000; i++) {
        size_t slot = rnd(&state) % LIVE;
        if (block[slot]) CHECK(block[slot][0] == (unsigned char)slot && block[slot][size[slot] - 1] == (unsigned char)slot);
        free(block[slot]);
        // Each is a run of the page heap, under its mutex.
        size[slot] = 40000 + rnd(&state) % 300000;
        CHECK((block[slot] = malloc(size[slot])) != NULL);
        block[slot][0] = block[slot][size[slot] - 1] = (unsigned char)slot;
    }
    for (size_t slot = 0; slot < LIVE; slot++) free(block[slot]);
    return NULL;
}

static void work_all(void) {
    pthread_t threads[2];
    for (uintptr_t i = 0; i < 2; i++) CHECK(pthread_create(&threads[i], NULL, work, (void *)(i + 1)) == 0);
    work((void *)9);
    for (int i = 0; i < 2; i++) CHECK(pthread_join(threads[i], NULL) == 0);
}

int main(void) {
    int status;
    pid_t child = fork();
    CHECK(child >= 0);
    work_all();
    if (child == 0) _exit(0);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    return 0;
}
