// A thread that asks for memory after the library has taken its leave of it gives back what it got for that, also where the
// request is not served from there.
// env: FT_MALLOC=sample_guard=1000000
#include "check.h"
#include <limits.h>
#include <pthread.h>

static pthread_key_t key;
static const char rounds[PTHREAD_DESTRUCTOR_ITERATIONS + 1];

static void last(void *value) {
    const char *round = value;
    if (round < rounds + PTHREAD_DESTRUCTOR_ITERATIONS) CHECK(pthread_setspecific(key, round + 1) == 0);
    else free(hide(malloc(100000)));
}

static void *work(void *unused) {
    free(hide(malloc(10)));
    CHECK(pthread_setspecific(key, rounds + 1) == 0);
    return unused;
}

int main(void) {
    size_t memory = 0;
    CHECK(pthread_key_create(&key, last) == 0);
    for (int i = 0; i < 2000; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, work, NULL) == 0 && pthread_join(thread, NULL) == 0);
        if (i == 200) memory = resident();
    }
    CHECK(resident() <= memory + (2u << 20)); // a lost cache each would be 14 MiB
    return 0;
}
