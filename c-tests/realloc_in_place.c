// realloc does not move a block when it need not: sizes within the usable size stay where they are, both ways.
#include "check.h"

int main(void) {
    static const size_t size[] = {20, 100, 500, 1000, 5000, 20000, 100000, 1000000};
    for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
        void *p = hide(malloc(size[i])), *neighbour = malloc(size[i]);
        size_t usable = malloc_usable_size(p);
        if (!OURS && size[i] > 100000) usable = size[i]; // glibc moves its mappings for the last bytes
        fill(p, size[i], i);
        CHECK(hide(realloc(p, usable)) == p);
        CHECK(holds(p, size[i], i));
        CHECK(hide(realloc(p, size[i])) == p);
        CHECK(hide(realloc(p, size[i] - 1)) == p);
        CHECK(holds(p, size[i] - 1, i));
        free(p);
        free(neighbour);
    }
    return 0;
}
