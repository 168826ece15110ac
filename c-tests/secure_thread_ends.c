// The hardened heap keeps nothing of a thread that has ended: not of what its last destructors allocate and free, nor of
// what libc frees when all of them have run (the text of strerror).
// env: FT_MALLOC=secure
// glibc: no, the option is the library's
// emulator: no, its own memory and address space are in the figures
#include "check.h"
#include <limits.h>
#include <pthread.h>

static pthread_key_t key;
static int late;

// In all rounds.
static void last(void *value) {
    char *round = value;
    void *block = malloc(100);
    free(realloc(hide(block), 5000));
    free(hide(calloc(1, 70000)));
    free(hide(aligned_alloc(64, 300)));
    if (round[0]++ < PTHREAD_DESTRUCTOR_ITERATIONS - 1) CHECK(pthread_setspecific(key, round) == 0);
}

static void *work(void *round) {
    free(hide(malloc(20)));
    CHECK(strerror(99999) != NULL);
    if (late) CHECK(pthread_setspecific(key, round) == 0);
    return NULL;
}

static void threads(size_t count) {
    for (size_t i = 0; i < count; i++) {
        pthread_t thread;
        char round = 0;
        CHECK(pthread_create(&thread, NULL, work, &round) == 0 && pthread_join(thread, NULL) == 0);
    }
}

int main(void) {
    CHECK(pthread_key_create(&key, last) == 0);
    for (late = 0; late < 2; late++) {
        threads(100);
        size_t warm = status_line("VmRSS");
        threads(times(1000, 100000));
        CHECK(status_line("VmRSS") < warm + (4u << 20));
    }
    return 0;
}
