// calloc gives zeros whatever the memory held before: a random history of dirty blocks of every class.
#include "check.h"

int main(void) {
    enum { SLOTS = 300 };
    static unsigned char *p[SLOTS];
    static size_t size[SLOTS];
    uint64_t state = 21;
    const int rounds = (int)times(12000, 600000);
    for (int i = 0; i < rounds; i++) {
        size_t slot = rnd(&state) % SLOTS;
        if (p[slot]) memset(p[slot], 0xff, malloc_usable_size(p[slot]));
        free(p[slot]);
        size[slot] = rnd_size(&state, i % 50 == 0 ? 21 : 14);
        size_t part = rnd(&state) % 7 + 1;
        p[slot] = i % 3 == 0 ? malloc(size[slot]) : calloc(part, (size[slot] + part - 1) / part);
        CHECK(p[slot] != NULL);
        if (i % 3 != 0) CHECK(all_bytes(p[slot], malloc_usable_size(p[slot]) < size[slot] ? 0 : size[slot], 0));
        if (i % 3 == 0) memset(p[slot], 0xee, size[slot]);
    }
    for (size_t slot = 0; slot < SLOTS; slot++) free(p[slot]);
    counted((size_t)rounds, "dirty blocks");
    return 0;
}
