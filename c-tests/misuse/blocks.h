// Blocks of each class with neighbours, and what is done to them with loads and stores. The neighbours are released, too,
// so that an allocator that looks at what is around a block gets its chance.
#ifndef BLOCKS_H
#define BLOCKS_H

#include "../guards.h"
#include "misuse.h"

// Bytes of a block of each class; a LARGE block is a part of a bigger mapping or has one of its own.
enum { TINY = 48, SMALL = 512, MEDIUM = 8192, LARGE = 1 << 20, MAPPING = 6 << 20, MIB = 1 << 20 };
enum { MOST_MEDIUM = 32 << 10 };

static char *several[9];

static inline int neighbours(size_t size) { return size < MAPPING ? 9 : 3; }

// Several blocks of that size; gives the one in the middle.
static inline char *middle(size_t size) {
    for (int i = 0; i < neighbours(size); i++) {
        CHECK((several[i] = hide(malloc(size))) != NULL);
        memset(several[i], i + 1, size);
    }
    return several[neighbours(size) / 2];
}
// Releases those of them that still are ours.
static inline void release(size_t size) {
    for (int i = 0; i < neighbours(size); i++) free(several[i]);
}

// Changes bytes, whatever they are, one after the other in the direction of `step`: an overrun by a loop that does not end.
static inline void scribble(char *from, int step, size_t bytes) {
    for (volatile char *byte = from; bytes > 0; byte += step, bytes--) *byte ^= 0x5a;
}

// Our guards inside the heap need a kernel that has them.
static inline void needs_kernel_guards(void) {
    if (OURS && !has_guards()) skip("this kernel has no guard pages");
}

// Those behind LARGE blocks are such.
static inline void needs_guards(size_t size) {
    if (size > MOST_MEDIUM) needs_kernel_guards();
}

// Takes blocks of that size, which stay.
static inline void crowd(size_t size, size_t bytes) {
    for (size_t taken = 0; taken < bytes; taken += size) CHECK(hide(malloc(size)) != NULL);
}

// So many bytes written behind a block, behind all that malloc_usable_size grants, with as many blocks before it as behind it,
// `heap` bytes in all. Gives main's exit status.
static inline int run_over(size_t size, size_t bytes, size_t heap) {
    crowd(size, heap / 2);
    char *p = middle(size), *end = p + malloc_usable_size(p);
    crowd(size, heap / 2);
    misuse(end, p);
    scribble(end, 1, bytes);
    went_on();
    release(size);
    return alive();
}

// The same before a block.
static inline int run_under(size_t size, size_t bytes, size_t heap) {
    crowd(size, heap / 2);
    char *p = middle(size);
    crowd(size, heap / 2);
    misuse(p - 1, p);
    scribble(p - 1, -1, bytes);
    went_on();
    release(size);
    return alive();
}

static inline int overflow(size_t size, size_t bytes) {
    needs_guards(size);
    return run_over(size, bytes, 0);
}

static inline int overflow_in_the_midst(size_t size, size_t bytes, size_t heap) {
    needs_kernel_guards();
    return run_over(size, bytes, heap);
}

static inline int underflow(size_t size, size_t bytes) {
    needs_guards(size);
    return run_under(size, bytes, 0);
}

static inline int underflow_in_the_midst(size_t size, size_t bytes, size_t heap) {
    needs_kernel_guards();
    return run_under(size, bytes, heap);
}

// One byte written behind the size that was asked for; there may be room for it that nobody was granted.
static inline int off_by_one(size_t size) {
    char *p = middle(size);
    misuse(p + size, p);
    scribble(p + size, 1, 1);
    went_on();
    release(size);
    return alive();
}

// Takes and releases blocks until one that was released before has come back, from a queue as well.
static inline void reuse(size_t size) {
    static void *block[4000];
    const int count = size <= SMALL ? 4000 : size <= MEDIUM ? 400 : 6;
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < count; i++) CHECK((block[i] = malloc(size)) != NULL);
        for (int i = 0; i < count; i++) free(block[i]);
    }
}

// Eight bytes written into a freed block, which is then used again.
static inline int write_after_free(size_t size, size_t offset) {
    char *p = middle(size);
    several[neighbours(size) / 2] = NULL;
    free(p);
    misuse(p + offset, p);
    scribble(hide(p + offset), 1, 8);
    went_on();
    reuse(size);
    release(size);
    return alive();
}

// Something that must not be found where it was not written.
static const uint64_t secret = 0x7365637265742121;

static inline void write_secret(void *block, size_t size) {
    for (size_t i = 0; i < size / 8; i++) ((volatile uint64_t *)block)[i] = secret;
}
static inline void look_for_secret(const void *block, size_t size) {
    size_t found = 0;
    for (size_t i = 0; i < size / 8; i++) found += ((const volatile uint64_t *)block)[i] == secret;
    CHECK(write(1, found ? "leaked\n" : "clean\n", found ? 7 : 6) > 0);
}

// A block read before anything is written to it, where one with a secret was freed before.
static inline int read_unwritten(size_t size) {
    middle(size);
    for (int i = 0; i < neighbours(size); i++) write_secret(several[i], size);
    release(size);
    char *p = hide(malloc(size));
    misuse(p, p);
    look_for_secret(p, size);
    went_on();
    free(p);
    return alive();
}

// A freed block read.
static inline int read_freed(size_t size) {
    char *p = middle(size);
    write_secret(p, size);
    several[neighbours(size) / 2] = NULL;
    free(p);
    misuse(p, p);
    look_for_secret(hide(p), size);
    went_on();
    release(size);
    return alive();
}

#endif
