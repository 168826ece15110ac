// Destructors of pthread keys allocate and free in every round that the system makes, after the allocator's own has run.
#include "../faults.h"
#include <limits.h>

static pthread_key_t key[2];

struct value { struct block block; int round, which; };

static struct value *value_of(int which, int round) {
    struct value *v = TRY(malloc(sizeof *v));
    if (!v) return NULL;
    v->round = round;
    v->which = which;
    put(&v->block, TRY(calloc(1, 3000)), 3000, (size_t)round);
    return v;
}
static void last(void *at) {
    struct value *v = at;
    if (v->round < PTHREAD_DESTRUCTOR_ITERATIONS - 1) {
        struct value *next = value_of(v->which, v->round + 1);
        if (next) CHECK(pthread_setspecific(key[v->which], next) == 0);
    }
    drop(&v->block);
    free(v);
}
static void *run(void *unused) {
    for (int i = 0; i < 2; i++) CHECK(pthread_setspecific(key[i], value_of(i, 0)) == 0);
    return unused;
}

static void work(void) {
    static int keys;
    if (!keys++) for (int i = 0; i < 2; i++) CHECK(pthread_key_create(&key[i], last) == 0);
    for (int i = 0; i < 60; i++) {
        pthread_t thread;
        if (made(pthread_create(&thread, NULL, run, NULL))) CHECK(pthread_join(thread, NULL) == 0);
    }
}
