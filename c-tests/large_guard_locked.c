// A block whose pages the program locked and never unlocked leaves pages that cannot become a guard: a guard that would begin
// before them does not come at all, and what is allocated there later can be used.
// glibc: no, it has no guards
#include "guards.h"
#include <time.h>

#define GRANULE (64 << 10)

int main(void) {
    const struct timespec a_while = {0, 30000000};
    if (!has_guards()) skip("this kernel has no guard pages");
    for (int round = 0; round < 3; round++) {
        enum { LOCKED = 39, LONG = 3, SHORT = 36 };
        char *block[SHORT], *locked = hide(malloc((LOCKED + 1) * GRANULE - 5000));
        CHECK(locked != NULL);
        for (int i = 0; i < LOCKED; i++)
            if (mlock(locked + i * GRANULE + GRANULE / 2, 4096) != 0) skip("mlock is not allowed here (RLIMIT_MEMLOCK)");
        free(locked);
        // Guards come one by one, and some more with time. These blocks leave no page of their own for one.
        nanosleep(&a_while, NULL);
        for (int i = 0; i < LONG; i++) CHECK((block[i] = hide(malloc(8 * GRANULE))) != NULL);
        for (int i = 0; i < LONG; i++) memset(block[i], 1, malloc_usable_size(block[i]));
        for (int i = 0; i < LONG; i++) free(block[i]);
        for (int i = 0; i < SHORT; i++) {
            CHECK((block[i] = hide(malloc(GRANULE - 100))) != NULL);
            memset(block[i], 1, malloc_usable_size(block[i]));
        }
        for (int i = 0; i < SHORT; i++) free(block[i]);
    }
    return 0;
}
