// free leaves errno alone (POSIX 2024), whatever it has to do: all classes, mappings given back, NULL, many at once; and
// also when the system refuses to take memory back, as it does with locked pages.
#include "check.h"
#include <sys/mman.h>

static void take_and_give(void) {
    static void *p[5000];
    uint64_t state = 5;
    for (int i = 0; i < 5000; i++) {
        size_t size = i % 100 == 0 ? (size_t)1 << (i % 200 == 0 ? 21 : 16 + i / 100 % 8) : rnd_size(&state, 13);
        CHECK((p[i] = malloc(size)) != NULL && memset(p[i], 1, size));
    }
    for (int i = 0; i < 5000; i++) {
        errno = 1000 + i;
        free(p[i]);
        free(NULL);
        CHECK(errno == 1000 + i);
    }
}

int main(void) {
    const size_t rounds = times(3, 150);
    for (size_t round = 0; round < rounds; round++) take_and_give();
    if (mlockall(MCL_CURRENT | MCL_FUTURE) == 0) // without the right to lock, this half is left out
        for (size_t round = 0; round < rounds; round++) take_and_give();
    counted(2 * rounds * 5000, "frees that keep errno");
    return 0;
}
