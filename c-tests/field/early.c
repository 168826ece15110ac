// Every entry point works before any constructor has run, ours included, and in a constructor of priority 101
// (jemalloc#329, mimalloc#1314). New glibc calls free(NULL) that early.
// mode: preload link static
#include "../entries.h"

static void *kept[3];

static void every_entry_point(void) {
    void *p = NULL;
    free(NULL);
    CHECK(malloc_usable_size(NULL) == 0);
    CHECK((p = malloc(42)) != NULL && aligned(p, 16) && malloc_usable_size(p) >= 42);
    CHECK((p = realloc(p, 1000)) && (p = realloc(p, 100000)) && (p = realloc(p, 10)));
    free(p);
    reports_to_nothing(); // some print
    for (size_t size = 1; size < 10000000; size *= 10) {
        CHECK((p = calloc(1, size)) && all_bytes(p, size, 0));
        free(p);
        for (int i = 0; i < ENTRIES; i++) entries[i].call(size);
    }
    reports_back();
    for (int i = 0; i < 3; i++)
        if (!kept[i]) {
            fill(kept[i] = malloc(5000), 5000, 1);
            break;
        }
}

static void before_all(int argc, char **argv, char **envp) {
    (void)argc, (void)argv, (void)envp;
    every_entry_point();
}
__attribute__((section(".preinit_array"), used)) static void (*const first)(int, char **, char **) = before_all;
__attribute__((constructor(101))) static void constructor(void) { every_entry_point(); }

int main(void) {
    every_entry_point();
    for (int i = 0; i < 3; i++) {
        CHECK(kept[i] != NULL && holds(kept[i], 5000, 1));
        free(kept[i]);
    }
    return 0;
}
