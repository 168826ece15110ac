// A thread that is not the main one forks. In the child it is the only thread, and it ends: its cache is given back
// while those of the vanished threads are taken in.
#include "../check.h"
#include <pthread.h>
#include <semaphore.h>
#include <sys/wait.h>

static sem_t ready, never;
static void *block[3][100];

static void *idle(void *at) {
    for (int i = 0; i < 100; i++) fill(((void **)at)[i] = malloc((size_t)i * 20), (size_t)i * 20, (size_t)i);
    sem_post(&ready);
    sem_wait(&never);
    return NULL;
}
static void *forks(void *unused) {
    int status = 0;
    void *p = hide(malloc(100));
    pid_t child = fork();
    CHECK(child >= 0);
    free(p);
    if (child == 0) {
        alarm(10);
        for (int i = 0; i < 300; i += 3) {
            CHECK(holds(block[i / 100][i % 100], (size_t)(i % 100) * 20, (size_t)(i % 100)));
            free(block[i / 100][i % 100]);
        }
        return unused; // the last thread: the process ends with status 0
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    return unused;
}

int main(void) {
    pthread_t thread;
    sem_init(&ready, 0, 0);
    sem_init(&never, 0, 0);
    for (int i = 0; i < 3; i++) CHECK(pthread_create(&thread, NULL, idle, block[i]) == 0);
    for (int i = 0; i < 3; i++) sem_wait(&ready);
    const size_t rounds = times(20, 10000);
    for (size_t round = 0; round < rounds; round++)
        CHECK(pthread_create(&thread, NULL, forks, NULL) == 0 && pthread_join(thread, NULL) == 0);
    counted(rounds, "forks by a thread");
    _exit(0);
}
