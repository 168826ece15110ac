// malloc and free in atexit handlers and in destructors, after main has returned and in a thread that calls exit.
#include "../exits.h"
#include <pthread.h>
#include <sys/wait.h>

__attribute__((destructor)) static void at_unload(void) { if (kept) use(); }
static void *leave(void *unused) {
    exit(0);
    return unused;
}

int main(void) {
    int status = 0;
    pthread_t thread;
    fill(kept = malloc(5000), 5000, 3);
    CHECK(atexit(use) == 0 && atexit(use) == 0);
    const size_t rounds = times(1, 3000);
    for (size_t round = 0; round < rounds; round++) {
        pid_t child = fork();
        if (child == 0) {
            CHECK(pthread_create(&thread, NULL, leave, NULL) == 0);
            for (;;) free(hide(malloc(100)));
        }
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    counted(rounds, "exits by a thread");
    return 0;
}
