// mmap_threshold=1025 gives the pure three-class scheme: every request above SMALL is one mmap, its free one munmap.
// env: FT_MALLOC=mmap_threshold=1025
// glibc: no, its threshold is not an option of this name
#include "show.h"
#include "syscalls.h"

static const size_t size[] = {1025, 2000, 4096, 30000, 32768, 40000, 65536, 100000, 1 << 20, 20 << 20};
enum { SIZES = sizeof size / sizeof *size };

static void small(void) {
    for (int i = 0; i < 20; i++) { // the zone is there after the first round
        if (i == 1) getppid();
        free(hide(malloc(1024)));
    }
    getppid();
}
static void take_and_give(void) {
    for (int round = 0; round < 2; round++) { // the first round may need memory for the allocator's own account
        if (round == 1) getppid();
        for (int i = 0; i < SIZES; i++) {
            char *p = hide(malloc(size[i]));
            p[0] = p[size[i] - 1] = 1;
            free(p);
        }
    }
    getppid();
}

int main(void) {
    struct calls calls = count_calls(small);
    CHECK(calls.mmap == 0 && calls.munmap == 0 && calls.other == 0);
    calls = count_calls(take_and_give);
    CHECK(calls.mmap == SIZES && calls.munmap == SIZES && calls.mremap == 0 && calls.other == 0);
    void *large = hide(malloc(1025)), *small_ = hide(malloc(1024));
    const char *text = show_text();
    CHECK(lists(text, large, 1025) && lists(text, small_, 1024) && strstr(text, "LARGE : ") && !strstr(text, "MEDIUM"));
    return 0;
}
