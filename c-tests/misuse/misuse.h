// What the misuse programs share: each tells which pointer it is about to misuse, does it, and then goes on.
#ifndef MISUSE_H
#define MISUSE_H

#include "../check.h"
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

// The runner puts these two addresses in place of @BAD@ and @BLOCK@ in the expected message.
static inline void misuse(const void *bad, const void *block) {
    char text[100];
    int length = snprintf(text, sizeof text, "bad 0x%lx block 0x%lx\n", (unsigned long)address(bad), (unsigned long)address(block));
    CHECK(write(1, text, (size_t)length) == length);
}

// The misuse is behind us: what is found before this line is found at once (scripts/misuse).
static inline void went_on(void) { CHECK(write(1, "went on\n", 8) == 8); }

// The call failed as it should.
static inline void refused(void) { CHECK(write(1, "refused\n", 8) == 8); }

// A call that must refuse a bad pointer: NULL and EINVAL is what we promise. Others only have to keep the heap intact.
#define DECLINED(call) do { \
    errno = 0; \
    void *got = hide(call); \
    const int error = errno; \
    if (got == NULL && error == EINVAL) refused(); \
    went_on(); \
    CHECK(!OURS || (got == NULL && error == EINVAL)); \
} while (0)

// A call that must refuse what cannot be: NULL. That errno tells why is what we promise.
#define IMPOSSIBLE(call, code) do { \
    errno = 0; \
    void *got = hide(call); \
    const int error = errno; \
    if (got == NULL) refused(); \
    went_on(); \
    CHECK(!OURS || (got == NULL && error == (code))); \
} while (0)

// The compiler forgets the number: it would warn about sizes that no block can have.
static inline size_t unknown(size_t number) {
    __asm__ volatile("" : "+r"(number));
    return number;
}

// The function is not in every C library.
#define NEEDS(function) ((function) ? (void)0 : skip("no " #function " here"))

// After a release with a wrong size or alignment, which had to be refused: the block is live. Elsewhere it is gone.
static inline void still_live(void *block, size_t size, size_t seed) {
    if (!OURS) return;
    CHECK(holds(block, size, seed));
    free(block);
}

static inline void *at(void *block, ptrdiff_t offset) { return hide((char *)block + offset); }

// The heap is intact: 10,000 blocks of all classes come, keep their contents and go. Gives main's exit status.
static inline int alive(void) {
    static void *block[500];
    static size_t size[500];
    uint64_t state = 7;
    for (size_t i = 0; i < 10000; i++) {
        size_t slot = rnd(&state) % 500;
        if (block[slot]) CHECK(holds(block[slot], size[slot], slot));
        free(block[slot]);
        size[slot] = i % 4 == 0 ? 42 : i % 1000 == 1 ? 100000 : rnd_size(&state, 12);
        block[slot] = malloc(size[slot]);
        CHECK(block[slot] != NULL);
        fill(block[slot], size[slot], slot);
    }
    for (size_t slot = 0; slot < 500; slot++) {
        CHECK(block[slot] == NULL || holds(block[slot], size[slot], slot));
        free(block[slot]);
    }
    CHECK(write(1, "alive\n", 6) == 6);
    return 0;
}

// Runs one function in a thread of its own, to its end.
static inline void in_thread(void *(*run)(void *), void *argument) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, run, argument) == 0 && pthread_join(thread, NULL) == 0);
}

// Goes on in a child; the parent waits for it and ends as it does.
static inline void in_child(void) {
    int status = 0;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) return;
    CHECK(waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status)) {
        signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
    }
    _exit(WEXITSTATUS(status));
}

static inline void *thread_free(void *block) {
    free(block);
    return NULL;
}

#endif
