// In the hardened mode all promises of the functions hold, with threads, forks and ended threads: contents, sizes,
// alignment, cleared memory; and blocks come back late, at places that nobody can foresee.
// env: FT_MALLOC=secure
// glibc: no, the options are the library's
#include "check.h"
#include <pthread.h>
#include <sys/wait.h>

enum { SLOTS = 400 };
static void *shared[SLOTS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *work(void *seed) {
    static _Thread_local void *block[SLOTS];
    static _Thread_local size_t size[SLOTS];
    uint64_t state = address(seed) + 1;
    for (int i = 0; i < 6000; i++) {
        size_t at = rnd(&state) % SLOTS, want = rnd_size(&state, i % 50 ? 13 : 17);
        if (block[at] && rnd(&state) % 4 == 0) {
            void *moved = realloc(block[at], want + 1);
            CHECK(moved && holds(moved, size[at] < want ? size[at] : want, at));
            block[at] = moved;
            want++;
        } else {
            CHECK(block[at] == NULL || holds(block[at], size[at], at));
            free_sized(block[at], size[at]);
            switch (rnd(&state) % 4) {
                case 0: block[at] = calloc(1, want); break;
                case 1: block[at] = aligned_alloc(256, want); CHECK(aligned(block[at], 256)); break;
                default: block[at] = malloc(want);
            }
            CHECK(block[at] && (want == 0 || all_bytes(block[at], want, 0)));
        }
        CHECK(aligned(block[at], 16) && malloc_usable_size(block[at]) == want);
        fill(block[at], size[at] = want, at);
        // Blocks go from thread to thread.
        void *own = malloc(200), *other;
        fill(own, 200, 9);
        pthread_mutex_lock(&lock);
        other = shared[at];
        shared[at] = own;
        pthread_mutex_unlock(&lock);
        CHECK(other == NULL || holds(other, 200, 9));
        free(other);
    }
    for (int at = 0; at < SLOTS; at++) {
        CHECK(block[at] == NULL || holds(block[at], size[at], (size_t)at));
        free(block[at]);
        block[at] = NULL;
    }
    return NULL;
}

static void late_and_random(void) {
    enum { COUNT = 64 };
    void *p = malloc(48), *q[COUNT];
    int ascending = 0;
    free(p);
    for (int i = 0; i < 200; i++) {
        void *next = hide(malloc(48));
        CHECK(next != p);
        free(next);
    }
    for (int i = 0; i < COUNT; i++) {
        q[i] = malloc(500);
        ascending += i > 0 && address(q[i]) > address(q[i - 1]);
    }
    CHECK(ascending > COUNT / 8 && ascending < COUNT * 7 / 8);
    for (int i = 0; i < COUNT; i++) free(q[i]);
}

int main(void) {
    pthread_t thread[4];
    late_and_random();
    work(NULL);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 4; i++) CHECK(pthread_create(thread + i, NULL, work, (void *)i) == 0);
        for (int i = 0; i < 3; i++) {
            int status;
            pid_t child = fork();
            CHECK(child >= 0);
            if (child == 0) {
                pthread_mutex_init(&lock, NULL);
                memset(shared, 0, sizeof shared);
                work((void *)7);
                _exit(0);
            }
            CHECK(waitpid(child, &status, 0) == child && status == 0);
        }
        for (size_t i = 0; i < 4; i++) CHECK(pthread_join(thread[i], NULL) == 0);
    }
    return 0;
}
