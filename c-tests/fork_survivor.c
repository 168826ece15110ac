// The child of a process with threads: a new thread of it may be the first that allocates, while the one that forked goes on
// with its own blocks. None of these becomes the other's.
// emulator: no, qemu-user cannot fork while threads run: without the library it fails, too
#include "check.h"
#include <pthread.h>
#include <stdbool.h>
#include <sys/wait.h>

enum { BLOCKS = 100, BYTES = 64, ROUNDS = 1000, CHILDREN = 50 };

// Takes, fills, compares and frees blocks.
static void work(unsigned char fill) {
    unsigned char *block[BLOCKS];
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < BLOCKS; i++) {
            CHECK((block[i] = malloc(BYTES)) != NULL);
            memset(block[i], fill, BYTES);
        }
        for (int i = 0; i < BLOCKS; i++) {
            for (int k = 0; k < BYTES; k++) CHECK(block[i][k] == fill);
            free(block[i]);
        }
    }
}

static void *work_too(void *unused) {
    work(2);
    return unused;
}

static pthread_barrier_t started;
static void *stay(void *unused) {
    free(hide(malloc(100)));
    pthread_barrier_wait(&started);
    while (true) pause();
    return unused;
}

int main(void) {
    // A thread that the children lose. And all that a thread's start allocates has its zones: no need for central.
    pthread_t thread;
    CHECK(pthread_barrier_init(&started, NULL, 2) == 0);
    CHECK(pthread_create(&thread, NULL, stay, NULL) == 0);
    pthread_barrier_wait(&started);
    work(1);
    for (int i = 0; i < CHILDREN; i++) {
        int status;
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            CHECK(pthread_create(&thread, NULL, work_too, NULL) == 0);
            work(1);
            CHECK(pthread_join(thread, NULL) == 0);
            _exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    return 0;
}
