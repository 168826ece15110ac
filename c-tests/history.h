// Random histories of threads and forked children, with blocks that know their contents, some of which go from thread to
// thread: what the tests of whole modes share.
#ifndef HISTORY_H
#define HISTORY_H

#include "check.h"
#include <pthread.h>
#include <sys/wait.h>

enum { SLOTS = 400 };
static void *shared[SLOTS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
// Whether every block reads as zero and has the very size asked for, as the hardened mode promises.
static int exact;

// Passes a block on and frees the one that another thread left there.
static void exchange(size_t at) {
    void *own = malloc(200), *other;
    CHECK(own != NULL);
    fill(own, 200, 9);
    pthread_mutex_lock(&lock);
    other = shared[at];
    shared[at] = own;
    pthread_mutex_unlock(&lock);
    CHECK(other == NULL || holds(other, 200, 9));
    free(other);
}

static void *allocate(size_t size, uint64_t *state) {
    const uint64_t way = rnd(state) % 4;
    void *p = way == 0 ? calloc(1, size) : way == 1 ? aligned_alloc(256, size) : malloc(size);
    CHECK(p != NULL && (way != 1 || aligned(p, 256)));
    CHECK((way != 0 && !exact) || all_bytes(p, size, 0));
    return p;
}

static void release(void *block, size_t size, uint64_t *state) {
    if (rnd(state) % 2) free(block);
    else free_sized(block, size);
}

static void *work(void *seed) {
    static _Thread_local void *block[SLOTS];
    static _Thread_local size_t size[SLOTS];
    uint64_t state = address(seed) + 1;
    for (int i = 0; i < 5000; i++) {
        size_t at = rnd(&state) % SLOTS, want = rnd_size(&state, i % 50 ? 13 : 17);
        CHECK(block[at] == NULL || holds(block[at], size[at], at));
        if (block[at] && rnd(&state) % 4 == 0) {
            want++;
            block[at] = realloc(block[at], want);
            CHECK(block[at] && holds(block[at], size[at] < want ? size[at] : want, at));
        } else {
            release(block[at], size[at], &state);
            block[at] = allocate(want, &state);
        }
        const size_t usable = malloc_usable_size(block[at]);
        CHECK(aligned(block[at], 16) && (exact ? usable == want : usable >= want));
        fill(block[at], size[at] = want, at);
        exchange(at);
    }
    for (size_t at = 0; at < SLOTS; at++) {
        CHECK(block[at] == NULL || holds(block[at], size[at], at));
        release(block[at], size[at], &state);
        block[at] = NULL;
    }
    return NULL;
}

// Such histories in this thread, in four others, and in three children that are forked meanwhile.
static void work_everywhere(void) {
    pthread_t thread[4];
    work(NULL);
    for (size_t i = 0; i < 4; i++) CHECK(pthread_create(thread + i, NULL, work, (void *)i) == 0);
    for (int i = 0; i < 3; i++) {
        int status;
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            // Another thread may have held it; the places may be half written.
            pthread_mutex_init(&lock, NULL);
            memset(shared, 0, sizeof shared);
            work((void *)7);
            _exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    for (size_t i = 0; i < 4; i++) CHECK(pthread_join(thread[i], NULL) == 0);
}

#endif
