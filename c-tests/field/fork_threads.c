// fork while four threads allocate: the child must find every lock free (gperftools#499, jemalloc#1805, snmalloc#630).
// A child that hangs is killed by its alarm, and that is a failure.
// emulator: no, qemu-user cannot fork while threads run: without the library it fails, too
#include "../check.h"
#include <pthread.h>
#include <sys/wait.h>

static volatile int stop;

static void *churn(void *seed) {
    nice((int)times(0, 19)); // this thread alone: so that 100,000 children do not wait for it
    uint64_t state = address(seed);
    void *p[50] = {0};
    while (!stop) {
        size_t slot = rnd(&state) % 50;
        free(p[slot]);
        p[slot] = malloc(rnd_size(&state, slot == 0 ? 18 : 13));
    }
    for (int i = 0; i < 50; i++) free(p[i]);
    return NULL;
}

static void *in_child(void *unused) {
    for (size_t size = 1; size < 300000; size = size * 2 + 1) free(hide(malloc(size)));
    return unused;
}

int main(void) {
    pthread_t thread[4];
    int status = 0;
    for (size_t i = 0; i < 4; i++) CHECK(pthread_create(&thread[i], NULL, churn, (void *)(i + 1)) == 0);
    const size_t rounds = times(100, 100000);
    for (size_t round = 0; round < rounds; round++) {
        void *p = malloc(100);
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            alarm(10);
            free(p);
            in_child(NULL);
            pthread_t own;
            if (round % 10 == 0) CHECK(pthread_create(&own, NULL, in_child, NULL) == 0 && pthread_join(own, NULL) == 0);
            _exit(0);
        }
        free(p);
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    stop = 1;
    for (int i = 0; i < 4; i++) pthread_join(thread[i], NULL);
    counted(rounds, "forks");
    return 0;
}
