// Under mlockall calloc is zero although MADV_DONTNEED is refused there (jemalloc#1844), and MCL_FUTURE does not make
// the allocator populate what it only reserves.
#include "../check.h"
#include <sys/mman.h>

int main(void) {
    enum { SLOTS = 100 };
    static void *p[SLOTS];
    uint64_t state = 31;
    free(hide(malloc(10)));
    for (int i = 0; i < SLOTS; i++) p[i] = malloc(i * 1000);
    if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0) skip("mlockall is not allowed here (RLIMIT_MEMLOCK)");
    size_t before = resident();
    const size_t rounds = times(4000, 200000);
    for (size_t i = 0; i < rounds; i++) {
        size_t slot = rnd(&state) % SLOTS, size = rnd_size(&state, i % 20 == 0 ? 20 : 15);
        if (p[slot]) memset(p[slot], 0xff, malloc_usable_size(p[slot]));
        free(p[slot]);
        p[slot] = calloc(1, size);
        CHECK(p[slot] != NULL && all_bytes(p[slot], size, 0));
        if (i % 1000 == 500) malloc_trim(0);
    }
    if (resident() > before + (64u << 20)) fprintf(stderr, "resident %zu, %zu before\n", resident(), before);
    CHECK(resident() <= before + (64u << 20)); // about 4 MiB are live
    for (int i = 0; i < SLOTS; i++) free(p[i]);
    counted(rounds, "rounds with locked memory");
    return 0;
}
