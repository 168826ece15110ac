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
static inline void *thread_free(void *block) {
    free(block);
    return NULL;
}

#endif
