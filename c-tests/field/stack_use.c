// No path of the allocator needs more than 2 KiB of stack in the release build: a thread's first call, a free of another
// thread's block, lists and messages included. The thread's stack is painted below the caller's frame; what is no longer
// paint afterwards was used.
// env: LD_BIND_NOW=1
// glibc: no, it is about the library
#include "../entries.h"
#include <pthread.h>
#include <sys/mman.h>

#define STACK ((size_t)1 << 18)
static unsigned char *stack; // of the thread, from its lowest address
static size_t limit = 2048, most;
enum { REMOTE = 200 };
static void *remote[REMOTE]; // blocks of main's
static const size_t sizes_of[4] = {40, 500, 10000, 100000};

__attribute__((noinline)) static void paint(unsigned char *to) {
    for (volatile unsigned char *at = stack; at < to - 128; at++) *at = 0xa5; // 128: the red zone and our own frame
}
static void judge(const unsigned char *from, const char *what) {
    const unsigned char *at = stack;
    while (at < from && *at == 0xa5) at++;
    const size_t used = (size_t)(from - at);
    if (used > most) most = used;
    if (used <= limit) return;
    dprintf(complaints, "%s: %zu bytes of stack\n", what, used);
    _exit(1);
}

#define MEASURED(what, call) do { paint(here - 64); call; judge(here, what); } while (0)
#define WITHIN(call) MEASURED(#call, call)

__attribute__((noinline)) static void misuse(size_t size) {
    static unsigned char *block;
    unsigned char *here = __builtin_alloca(16);
    block = hide(malloc(size));
    WITHIN(free(block + 16));
    WITHIN(CHECK(realloc(block + 16, 100) == NULL));
    WITHIN(free_sized(block, size + 100));
    WITHIN(free(block)); // the first, if free_sized has done nothing
    WITHIN(free(block));
    WITHIN(CHECK(realloc(block, 100) == NULL));
    WITHIN(malloc_usable_size(block));
    WITHIN(free(&limit));
}

__attribute__((noinline)) static void *use(void *sizes) {
    static void *p[2000];
    volatile size_t scale = address(sizes);
    unsigned char *here = __builtin_alloca(16); // the lowest address of this frame
    WITHIN(p[0] = malloc(42));
    WITHIN(free(p[0]));
    for (size_t i = 0; i < 2000; i += 1 + i / 40) WITHIN(p[i] = malloc(i * scale));
    for (size_t i = 0; i < 2000; i += 1 + i / 40) WITHIN(p[i] = realloc(p[i], i * scale * 3 + 1));
    for (size_t i = 0; i < 2000; i += 1 + i / 40) { WITHIN(free(p[i])); p[i] = NULL; }
    for (size_t i = 0; i < 2000; i++) p[i] = malloc(i * scale);
    for (size_t i = 0; i < 2000; i++) free(p[i]);
    WITHIN(p[0] = calloc(1, 5000000));
    WITHIN(p[0] = realloc(p[0], 50000000));
    WITHIN(free(p[0]));
    WITHIN(p[0] = memalign(1 << 20, 100));
    WITHIN(free(p[0]));
    WITHIN(malloc_trim(0));
    for (size_t i = 0; i < REMOTE; i++) WITHIN(free(remote[i]));
    reports_to_nothing();
    for (size_t size = 1; size < 10000000; size *= 10)
        for (int i = 0; i < ENTRIES; i++) MEASURED(entries[i].name, entries[i].call(size));
    for (size_t i = 0; i < 4; i++) misuse(sizes_of[i]);
    reports_back();
    return NULL;
}

int main(void) {
    pthread_attr_t attributes;
    pthread_t thread;
    const char *build = getenv("C_TESTS_BUILD");
    // Frames that are not optimised; they fit the smallest stack.
    if (build && strcmp(build, "debug") == 0) limit = 8192;
    stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    CHECK(stack != MAP_FAILED && pthread_attr_init(&attributes) == 0 && pthread_attr_setstack(&attributes, stack, STACK) == 0);
    for (size_t scale = 1; scale < 100; scale *= 9) {
        for (size_t i = 0; i < REMOTE; i++) remote[i] = malloc(sizes_of[i % 4]);
        CHECK(pthread_create(&thread, &attributes, use, (void *)scale) == 0 && pthread_join(thread, NULL) == 0);
        for (size_t i = 0; i < REMOTE; i++) free(hide(malloc(sizes_of[i % 4]))); // what others have freed is collected
    }
    counted(most, "bytes of stack");
    return 0;
}
