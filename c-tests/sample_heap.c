// With every second allocation sampled, all other promises hold: contents, realloc, sizes, alignment, lists, threads, fork.
// env: FT_MALLOC=sample_guard=2,seed=5
// glibc: no, the options are the library's
#include "check.h"
#include <pthread.h>
#include <sys/wait.h>

static void *work(void *seed) {
    enum { SLOTS = 400 };
    static _Thread_local void *block[SLOTS];
    static _Thread_local size_t size[SLOTS];
    uint64_t state = address(seed) + 1;
    for (int i = 0; i < 3000; i++) {
        size_t at = rnd(&state) % SLOTS, want = rnd_size(&state, 13);
        if (block[at] && rnd(&state) % 4 == 0) {
            void *moved = realloc(block[at], want + 1);
            CHECK(moved && holds(moved, size[at] < want ? size[at] : want, at));
            block[at] = moved;
            want++;
        } else {
            CHECK(block[at] == NULL || holds(block[at], size[at], at));
            free(block[at]);
            switch (rnd(&state) % 4) {
                case 0: block[at] = calloc(1, want); CHECK(all_bytes(block[at], want, 0)); break;
                case 1: block[at] = aligned_alloc(256, want); CHECK(aligned(block[at], 256)); break;
                default: block[at] = malloc(want);
            }
        }
        CHECK(block[at] && aligned(block[at], 16) && malloc_usable_size(block[at]) >= want);
        fill(block[at], size[at] = want, at);
    }
    for (int at = 0; at < SLOTS; at++) {
        CHECK(block[at] == NULL || holds(block[at], size[at], at));
        free_sized(block[at], size[at]);
        block[at] = NULL;
    }
    return NULL;
}

int main(void) {
    pthread_t thread[4];
    work(NULL);
    for (size_t i = 0; i < 4; i++) CHECK(pthread_create(thread + i, NULL, work, (void *)i) == 0);
    for (int i = 0; i < 40; i++) {
        int status;
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            work((void *)7);
            _exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child && status == 0);
        i += 9;
    }
    for (size_t i = 0; i < 4; i++) CHECK(pthread_join(thread[i], NULL) == 0);
    // Each live block is listed and counted, wherever it is.
    size_t before = mallinfo2().uordblks;
    static void *listed[100];
    for (int i = 0; i < 100; i++) CHECK((listed[i] = malloc(1000)) != NULL);
    CHECK(mallinfo2().uordblks >= before + 100 * 1000);
    int end[2], lines = 0;
    CHECK(pipe(end) == 0);
    if (fork() == 0) {
        dup2(end[1], 1);
        show_alloc_mem();
        _exit(0);
    }
    close(end[1]);
    static char text[1 << 20];
    size_t length = 0;
    for (ssize_t got; (got = read(end[0], text + length, sizeof text - 1 - length)) > 0;) length += (size_t)got;
    for (int i = 0; i < 100; i++) {
        char line[60];
        snprintf(line, sizeof line, "0x%lX - 0x%lX : 1000 bytes", (unsigned long)address(listed[i]), (unsigned long)address(listed[i]) + 1000);
        lines += strstr(text, line) != NULL;
        free(listed[i]);
    }
    CHECK(lines == 100 && wait(&lines) > 0);
    return 0;
}
