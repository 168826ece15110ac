// What every test program shares. A test returns 0 when the promise holds; CHECK names the first one that does not and
// ends the program with status 1. Status 77 means skipped.
#ifndef CHECK_H
#define CHECK_H

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <malloc.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

// Not in every libc: weak, so that the program also starts without the library (scripts/c-tests --libc).
__attribute__((weak)) void show_alloc_mem(void);
__attribute__((weak)) void free_sized(void *block, size_t size);
__attribute__((weak)) void free_aligned_sized(void *block, size_t alignment, size_t size);

#ifdef __cplusplus
}
#endif

// True when the library serves this program. Guards what we promise beyond glibc; the runner makes sure that a run
// meant for the library cannot lose it (require_library below).
#define OURS (show_alloc_mem != NULL)

// Messages go through a buffer of our own and write: a test of malloc must not need malloc to complain.
static int complaints = 2; // where they go
static inline void say(const char *text) { while (*text && write(complaints, text, 1) == 1) text++; }

__attribute__((noreturn)) static inline void check_failed(const char *file, int line, const char *what) {
    char text[400];
    snprintf(text, sizeof text, "%s:%d: failed: %s (errno %d)\n", file, line, what, errno);
    say(text);
    _exit(1);
}

__attribute__((noreturn)) static inline void skip(const char *why) {
    say("skipped: ");
    say(why);
    say("\n");
    _exit(77);
}

#define CHECK(what) ((what) ? (void)0 : check_failed(__FILE__, __LINE__, #what))

// The call gives NULL and sets errno to `code`.
#define REFUSED(call, code) do { errno = 0; CHECK((call) == NULL); CHECK(errno == (code)); } while (0)

// A run with C_TESTS_LIB set is meant for the library. Without this, a mistyped LD_PRELOAD would test glibc.
__attribute__((constructor)) static void require_library(void) {
    const char *plain = getenv("C_TESTS_PLAIN");
    CHECK(getenv("C_TESTS_LIB") == NULL || plain != NULL || OURS);
}

// The compiler forgets where the pointer came from: no deleted malloc/free pair, no warning about the misuse we want.
static inline void *hide(void *pointer) {
    __asm__ volatile("" : "+r"(pointer) : : "memory");
    return pointer;
}

static inline uintptr_t address(const void *pointer) { return (uintptr_t)pointer; }
static inline int aligned(const void *pointer, size_t to) { return address(pointer) % to == 0; }

// Contents that depend on the seed and the place, so that neither a neighbour's nor a shifted copy passes.
static inline unsigned char content(size_t seed, size_t at) { return (unsigned char)(seed * 31 + at * 7 + (at >> 8)); }
static inline void fill(void *block, size_t size, size_t seed) {
    unsigned char *bytes = (unsigned char *)block;
    for (size_t i = 0; i < size; i++) bytes[i] = content(seed, i);
}
static inline int holds(const void *block, size_t size, size_t seed) {
    const unsigned char *bytes = (const unsigned char *)block;
    for (size_t i = 0; i < size; i++) if (bytes[i] != content(seed, i)) return 0;
    return 1;
}
static inline int all_bytes(const void *block, size_t size, unsigned char value) {
    const unsigned char *bytes = (const unsigned char *)block;
    return size == 0 || (bytes[0] == value && memcmp(bytes, bytes + 1, size - 1) == 0);
}

// How often something is done: `heavy` times when scripts/heavy runs the program.
static inline size_t times(size_t light, size_t heavy) { return getenv("C_TESTS_HEAVY") ? heavy : light; }
// Says so, to scripts/heavy alone.
static inline void counted(size_t count, const char *what) {
    char text[100];
    int length = snprintf(text, sizeof text, "%zu %s\n", count, what);
    if (times(0, 1)) CHECK(write(1, text, (size_t)length) == length);
}

// xorshift64: the same sequence everywhere.
static inline uint64_t rnd(uint64_t *state) {
    uint64_t x = *state ? *state : 88172645463325252ull;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *state = x;
}
// Sizes of every class, small ones far more often: uniform in the number of bits, up to 2^bits - 1.
static inline size_t rnd_size(uint64_t *state, unsigned bits) {
    unsigned width = (unsigned)(rnd(state) % (bits + 1));
    return (size_t)(rnd(state) & ((1ull << width) - 1));
}

#ifdef __linux__
// A line of /proc/self/status that counts kilobytes, in bytes, read without allocating.
static inline size_t status_line(const char *name) {
    char text[4096] = {0}, *at;
    size_t kilobytes = 0;
    int fd = open("/proc/self/status", O_RDONLY);
    CHECK(fd >= 0 && read(fd, text, sizeof text - 1) > 0);
    close(fd);
    CHECK((at = strstr(text, name)) != NULL && sscanf(at + strlen(name), ": %zu kB", &kilobytes) == 1);
    return kilobytes * 1024;
}

// Resident memory of this process in bytes. Not from statm, which counts pages: under an emulator they are not those of
// sysconf.
static inline size_t resident(void) { return status_line("VmRSS"); }

// Mappings of this process: lines of /proc/self/maps, counted without allocating.
static inline size_t mappings(void) {
    static char text[65536];
    size_t lines = 0;
    ssize_t got;
    int fd = open("/proc/self/maps", O_RDONLY);
    CHECK(fd >= 0);
    while ((got = read(fd, text, sizeof text)) > 0)
        for (ssize_t i = 0; i < got; i++) lines += text[i] == '\n';
    close(fd);
    return lines;
}
#endif

#endif
