// What the workloads in faults/ share. Each is a function `work`, which bears that calls of the system fail behind its back
// (scripts/faults makes them fail) and checks all contents. It runs twice like that; then faults end, and from there on
// nothing may fail, and repeating the work may not take more memory. Without the interposer nothing may fail at all. Status
// 78: a C++ program could not throw, because its runtime got no memory at its start.
#ifndef FAULTS_H
#define FAULTS_H

#include "check.h"
#include <pthread.h>

#ifdef __cplusplus
extern "C" {
#endif

// From the interposer: no call fails from now on; the calls that have failed so far.
__attribute__((weak)) void faults_end(void);
__attribute__((weak)) size_t faults_seen(void);

#ifdef __cplusplus
}
#endif

static volatile int over;

static void work(void);

// What a failing call may be the reason of.
#define EXCUSED (!over && faults_seen != NULL && faults_seen() > 0)

// A block or, when some call has failed, NULL with ENOMEM.
static inline void *got(void *block) {
    CHECK(block != NULL || (EXCUSED && errno == ENOMEM));
    return block;
}
#define TRY(call) (errno = 0, got(hide(call)))

// Whether the thread was made.
static inline int made(int result) {
    CHECK(result == 0 || (EXCUSED && result == EAGAIN));
    return result == 0;
}

struct block {
    unsigned char *at;
    size_t size, seed;
};

// What is filled and checked at each end of a block.
#define EDGE ((size_t)600)

// Where both ends overlap the last one was written last.
static inline size_t first_part(const struct block *block) {
    if (block->size <= EDGE) return block->size;
    return block->size < 2 * EDGE ? block->size - EDGE : EDGE;
}

// Takes over what an allocation gave, and fills it.
static inline int put(struct block *block, void *at, size_t size, size_t seed) {
    *block = (struct block){(unsigned char *)at, size, seed};
    if (!at) return 0;
    CHECK(malloc_usable_size(at) >= size);
    fill(at, size < EDGE ? size : EDGE, seed);
    if (size > EDGE) fill(block->at + size - EDGE, EDGE, seed + 1);
    return 1;
}
static inline void look(const struct block *block) {
    if (!block->at) return;
    CHECK(holds(block->at, first_part(block), block->seed));
    if (block->size > EDGE) CHECK(holds(block->at + block->size - EDGE, EDGE, block->seed + 1));
}
static inline void drop(struct block *block) {
    look(block);
    errno = 3;
    free(block->at);
    CHECK(errno == 3);
    block->at = NULL;
}
// realloc; a failing one leaves the block as it was.
static inline void resize(struct block *block, size_t size, size_t seed) {
    look(block);
    unsigned char *moved = (unsigned char *)TRY(realloc(block->at, size));
    if (!moved) { look(block); return; }
    size_t kept = block->at ? first_part(block) : 0;
    CHECK(holds(moved, kept < size ? kept : size, block->seed));
    put(block, moved, size, seed);
}

static inline size_t address_space(void) { return status_line("VmSize"); }

// Blocks, resident memory and address space stay what they are. An arena more now and then is no growth, one each round is.
static inline void check_steady(void) {
    malloc_trim(0);
    const size_t live = mallinfo2().uordblks, memory = resident();
    int grown = 0;
    for (int round = 0; round < 3; round++) {
        const size_t space = address_space();
        work();
        malloc_trim(0);
        grown += address_space() > space;
        CHECK(mallinfo2().uordblks <= live + 1024 || !OURS);
    }
    CHECK(grown < 3 || !OURS);
    CHECK(resident() <= memory + (3u << 19) || !OURS);
}

int main(void) {
    // Small stacks: how many the libc keeps depends on chance, and is not to show in the address space.
    pthread_attr_t attributes;
    CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, 1 << 18) == 0);
    CHECK(pthread_setattr_default_np(&attributes) == 0);
    for (int round = 0; round < 2; round++) work();
    if (faults_end) faults_end();
    over = 1;
    for (int round = 0; round < 2; round++) work();
    check_steady();
    // scripts/faults holds these against a run without faults.
    char line[200];
    int length = snprintf(line, sizeof line, "live %zu resident %zu space %zu\n", (size_t)mallinfo2().uordblks, resident(), address_space());
    CHECK(write(1, line, (size_t)length) == length);
    return 0;
}

#endif
