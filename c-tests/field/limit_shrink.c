// When memory has ended, a block that realloc makes smaller stays where it is, whatever its size: many programs do not expect
// a failure there.
// run: ulimit -v 65536
// emulator: no, the limit would be the emulator's
#include "../check.h"

static const struct { size_t from, to; } sizes[] = {
    {30000, 16}, {30000, 100}, {30000, 1000}, {30000, 5000}, {2000, 20}, {300000, 40000}, {300000, 20000}, {600000, 100},
    {9000000, 5000000}, {9000000, 20000}, {5000000, 1}, {1000, 900},
};
enum { COUNT = sizeof sizes / sizeof *sizes };

int main(void) {
    unsigned char *block[COUNT];
    void *chain = NULL, **p;
    for (size_t i = 0; i < COUNT; i++) {
        CHECK((block[i] = hide(malloc(sizes[i].from))) != NULL);
        fill(block[i], sizes[i].from, i);
    }
    for (size_t size = 100000; size >= 16; size -= size < 40000 ? 16 : 1000)
        while ((p = hide(malloc(size))) != NULL) { *p = chain; chain = p; }
    for (size_t i = 0; i < COUNT; i++) {
        unsigned char *shorter = hide(realloc(block[i], sizes[i].to));
        CHECK(shorter != NULL && malloc_usable_size(shorter) >= sizes[i].to && holds(shorter, sizes[i].to, i));
        block[i] = shorter;
    }
    while (chain) { p = chain; chain = *p; free(p); }
    for (size_t i = 0; i < COUNT; i++) {
        const size_t now = sizes[i].to;
        CHECK((block[i] = hide(realloc(block[i], now + 3000))) != NULL && holds(block[i], now, i));
        fill(block[i], now + 3000, i);
        CHECK(holds(block[i], now + 3000, i));
        free(block[i]);
    }
    return 0;
}
