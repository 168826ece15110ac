// After fork the child has the blocks of threads that it does not have: it reads, reallocs and frees them, and their
// zones serve again.
#include "../check.h"
#include <pthread.h>
#include <sys/wait.h>

enum { COUNT = 3000 };
static void *p[3][COUNT];
static pthread_barrier_t ready;

static void *make(void *which) {
    for (size_t i = 0; i < COUNT; i++) fill(p[address(which)][i] = malloc(i), i, i);
    pthread_barrier_wait(&ready);
    pause(); // alive while main forks
    return NULL;
}

int main(void) {
    pthread_t thread;
    int status = 0;
    pthread_barrier_init(&ready, NULL, 4);
    for (size_t t = 0; t < 3; t++) CHECK(pthread_create(&thread, NULL, make, (void *)t) == 0);
    pthread_barrier_wait(&ready);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(10);
        size_t full = mallinfo2().uordblks;
        for (int t = 0; t < 3; t++)
            for (size_t i = 0; i < COUNT; i++) {
                CHECK(holds(p[t][i], i, i));
                if (i % 3 == 0) CHECK((p[t][i] = realloc(p[t][i], i + 200)) != NULL && holds(p[t][i], i, i));
            }
        for (int t = 0; t < 3; t++)
            for (size_t i = 0; i < COUNT; i++) free(p[t][i]);
        CHECK(mallinfo2().uordblks < full / 2);
        for (size_t i = 0; i < COUNT; i++) CHECK((p[0][i] = malloc(i)) != NULL);
        for (size_t i = 0; i < COUNT; i++) free(p[0][i]);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    return 0;
}
