// Blocks of the hardened heap that other threads free come back to their owner, after their time in quarantine.
// env: FT_MALLOC=secure
// glibc: no, the option is the library's
#include "check.h"
#include <pthread.h>

enum { BLOCKS = 1000, ROUNDS = 200 };
static void *block[BLOCKS];
static pthread_barrier_t turn;

static void *consume(void *unused) {
    for (int round = 0; round < ROUNDS; round++) {
        pthread_barrier_wait(&turn);
        for (int i = 0; i < BLOCKS; i++) free(hide(block[i]));
        pthread_barrier_wait(&turn);
    }
    return unused;
}

int main(void) {
    pthread_t thread;
    size_t warm = 0;
    CHECK(pthread_barrier_init(&turn, NULL, 2) == 0);
    CHECK(pthread_create(&thread, NULL, consume, NULL) == 0);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < BLOCKS; i++) {
            CHECK((block[i] = malloc(400)) != NULL);
            fill(block[i], 400, (size_t)i);
        }
        pthread_barrier_wait(&turn);
        pthread_barrier_wait(&turn);
        if (round == 10) warm = status_line("VmRSS");
    }
    CHECK(pthread_join(thread, NULL) == 0);
    // 76 MB were asked for since.
    CHECK(status_line("VmRSS") < warm + (8u << 20));
    return 0;
}
