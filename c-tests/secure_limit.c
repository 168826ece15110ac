// The hardened mode at a limit of data: what is freed while memory is short is not lost, however often that happens.
// env: FT_MALLOC=secure
// glibc: no, its freed blocks are not all given back
// emulator: no, the limit would be the emulator's
#include "check.h"
#include <sys/resource.h>

enum { SMALL = 20000, LONG = 2000, CYCLES = 6 };

int main(void) {
    static void *small[SMALL], *long_[LONG];
    const struct rlimit limit = {100u << 20, RLIM_INFINITY};
    size_t first = 0, before = 0;
    CHECK(setrlimit(RLIMIT_DATA, &limit) == 0);
    for (int cycle = 0; cycle < CYCLES; cycle++) {
        size_t count = 0;
        for (int i = 0; i < SMALL; i++) {
            CHECK((small[i] = hide(malloc(1000))) != NULL);
            memset(small[i], 1, 1000);
        }
        while (count < LONG && (long_[count] = hide(malloc(200000))) != NULL) count++;
        CHECK(count < LONG && errno == ENOMEM);
        // Of these zones the first one's guard may be refused: with it there is room for the next ones'.
        for (int i = 0; i < SMALL; i++) free(small[i]);
        while (count < LONG && (long_[count] = hide(malloc(200000))) != NULL) count++;
        if (cycle == 0) first = count;
        CHECK(count + count / 8 >= first);
        for (size_t i = 0; i < count; i++) free(long_[i]);
        malloc_trim(0);
        if (cycle == 1) before = resident();
        CHECK(cycle <= 1 || resident() < before + (4u << 20));
    }
    return 0;
}
