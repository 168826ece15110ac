// All power-of-two alignments up to 1 GiB, with sizes of every class; live at the same time and with their contents.
#include "check.h"

int main(void) {
    static const size_t size[] = {1, 16, 100, 1000, 4000, 30000, 70000};
    enum { SIZES = sizeof size / sizeof *size };
    for (size_t alignment = 16; alignment <= (size_t)1 << 30; alignment *= 2) {
        void *p[2 * SIZES];
        for (size_t i = 0; i < 2 * SIZES; i++) {
            p[i] = memalign(alignment, size[i % SIZES]);
            CHECK(p[i] != NULL && aligned(p[i], alignment) && malloc_usable_size(p[i]) >= size[i % SIZES]);
            fill(p[i], size[i % SIZES], i);
        }
        for (size_t i = 0; i < 2 * SIZES; i++) CHECK(holds(p[i], size[i % SIZES], i));
        p[0] = realloc(p[0], 5000);
        CHECK(p[0] != NULL && holds(p[0], 1, 0));
        for (size_t i = 0; i < 2 * SIZES; i++) free(p[i]);
    }
    return 0;
}
