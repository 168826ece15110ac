// 200 MB in small blocks of a thread that has ended, freed by another thread: in the order of their addresses no more than a
// third stays resident without any further call; in any order when that thread ends, if it has ever allocated anything.
// glibc: no, what lies below a block in use stays
#include "check.h"
#include <pthread.h>

enum { COUNT = 1000000, SIZE = 200, STEP = 7919 };
static unsigned char *p[COUNT];
static const size_t most = 70u << 20; // 32 MiB may be free and resident, as much may wait to be collected

static void *take(void *unused) {
    for (int i = 0; i < COUNT; i++) {
        CHECK((p[i] = malloc(SIZE)) != NULL);
        fill(p[i], SIZE, (size_t)i);
    }
    return unused;
}

static void *give(void *unused) {
    free(malloc(1));
    for (long long i = 0; i < COUNT; i++) free(p[i * STEP % COUNT]);
    return unused;
}

static void run(void *(*work)(void *)) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, work, NULL) == 0 && pthread_join(thread, NULL) == 0);
}

int main(void) {
    memset(p, 1, sizeof p);
    const size_t before = resident();
    run(take);
    CHECK(resident() - before > (190u << 20));
    for (int i = 0; i < COUNT; i++) free(p[i]);
    CHECK(resident() - before < most);
    run(take);
    CHECK(resident() - before > (190u << 20));
    run(give);
    CHECK(resident() - before < most);
    return 0;
}
