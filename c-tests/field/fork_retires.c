// The thread that forked frees all its blocks in the child while another thread of the child takes in the zones of those
// that are gone: no zone goes back twice.
// emulator: no, qemu-user cannot fork while threads run: without the library it fails, too
#include "../check.h"
#include <pthread.h>
#include <sys/wait.h>

enum { BLOCKS = 60000, BYTES = 1000 };
static unsigned char *kept[BLOCKS], *again[BLOCKS];
static volatile int stage;

// A thread whose zones, at lower addresses, take the other one a while.
static void *vanish(void *unused) {
    for (int i = 0; i < 4 * BLOCKS; i++) CHECK(malloc(BYTES));
    stage = 1;
    for (;;) pause();
    return unused;
}

static void *visit_central(void *unused) {
    stage = 2;
    CHECK(malloc(10));
    return unused;
}

static void child(void) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, visit_central, NULL) == 0);
    while (stage != 2) {}
    for (int i = BLOCKS - 1; i >= 0; i--) free(kept[i]);
    CHECK(pthread_join(thread, NULL) == 0);
    for (int i = 0; i < BLOCKS; i++) {
        again[i] = malloc(BYTES);
        CHECK(again[i]);
        memset(again[i], 0, BYTES);
        memcpy(again[i], &i, sizeof i);
    }
    for (int i = 0; i < BLOCKS; i++) CHECK(memcmp(again[i], &i, sizeof i) == 0);
}

int main(void) {
    pthread_t thread;
    int status = 0;
    CHECK(pthread_create(&thread, NULL, visit_central, NULL) == 0 && pthread_join(thread, NULL) == 0);
    CHECK(pthread_create(&thread, NULL, vanish, NULL) == 0);
    while (stage != 1) {}
    for (int i = 0; i < BLOCKS; i++) {
        kept[i] = malloc(BYTES);
        CHECK(kept[i]);
        memset(kept[i], 1, BYTES);
    }
    for (int round = 0; round < 5; round++) {
        stage = 1;
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            alarm(20);
            child();
            _exit(0);
        }
        CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    }
    return 0;
}
