// Many LARGE blocks of one length, side by side in the address space, are all known: each is told its size, and freed. Of
// some lengths the starts lie as multiples of a number near to the golden ratio's, which look far from random.
// glibc: no, the figures are the library's
// emulator: no, its address space may be short
#include "check.h"

enum { COUNT = 3000 };

int main(void) {
    // In pages, with and without a guard: Fibonacci's, others, and 11 MiB.
    static const size_t pages[] = {1597, 2584, 2817, 3571, 11 << 8};
    static void *p[COUNT];
    for (size_t i = 0; i < 2 * sizeof pages / sizeof *pages; i++) {
        const size_t size = (pages[i / 2] - i % 2) * 4096;
        size_t count = 0;
        while (count < COUNT && (p[count] = hide(malloc(size))) != NULL) count++;
        if (count < COUNT) skip("address space is short");
        for (size_t k = 0; k < count; k++) CHECK(malloc_usable_size(p[k]) >= size);
        for (size_t k = 0; k < count; k++) free(p[k]);
        CHECK(mallinfo2().hblks == 0);
    }
    return 0;
}
