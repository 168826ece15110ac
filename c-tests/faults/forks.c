// A process with a second thread forks; the child has all blocks, frees and takes some, and its parent's are untouched.
// emulator: no, its own memory and address space are in the figures
#include "../faults.h"
#include <stdatomic.h>
#include <sys/wait.h>

static struct block block[500];
static atomic_int stop;

static void *churn(void *unused) {
    uint64_t state = 7;
    while (!stop) free(TRY(malloc(rnd_size(&state, 16))));
    return unused;
}
static void in_child(void) {
    alarm(20);
    for (int i = 0; i < 500; i += 2) drop(&block[i]);
    for (int i = 0; i < 500; i += 2) put(&block[i], TRY(malloc((size_t)i * 90)), (size_t)i * 90, 1);
    for (int i = 0; i < 500; i++) drop(&block[i]);
}

static void work(void) {
    pthread_t thread;
    int status = 0;
    stop = 0;
    const int there = made(pthread_create(&thread, NULL, churn, NULL));
    for (int i = 0; i < 500; i++) put(&block[i], TRY(malloc((size_t)i * 50)), (size_t)i * 50, (size_t)i);
    for (int round = 0; round < 4; round++) {
        pid_t child = fork();
        if (child == 0) {
            in_child();
            _exit(0);
        }
        CHECK(child > 0 || EXCUSED);
        if (child > 0) CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    stop = 1;
    if (there) CHECK(pthread_join(thread, NULL) == 0);
    for (int i = 0; i < 500; i++) drop(&block[i]);
}
