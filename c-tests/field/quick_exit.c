// malloc and free in at_quick_exit handlers: of a process with one thread, beside one that allocates, and in a thread.
#include "../exits.h"
#include <pthread.h>
#include <sys/wait.h>

static void *leave(void *unused) {
    quick_exit(7);
    return unused;
}
static void *churn(void *unused) {
    for (;;) free(hide(malloc(100)));
    return unused;
}

int main(void) {
    int status = 0;
    pthread_t thread;
    fill(kept = malloc(5000), 5000, 3);
    CHECK(at_quick_exit(use) == 0 && at_quick_exit(use) == 0);
    const size_t rounds = times(3, 3000);
    for (size_t round = 0; round < rounds; round++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            if (round % 3 != 0) CHECK(pthread_create(&thread, NULL, churn, NULL) == 0);
            if (round % 3 == 2) CHECK(pthread_create(&thread, NULL, leave, NULL) == 0 && pthread_join(thread, NULL) == 0);
            quick_exit(7);
        }
        CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7);
    }
    counted(rounds, "quick exits");
    return 0;
}
