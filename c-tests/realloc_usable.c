// A program may use all that malloc_usable_size says (redis and others do): realloc keeps that, not only what was asked.
#include "check.h"

int main(void) {
    for (size_t size = 1; size < 100000; size += 1 + size / 50)
        for (size_t to = size + 1; to < 4 * size + 40; to += 1 + size / 3) {
            void *p = malloc(size);
            size_t usable = malloc_usable_size(p);
            fill(p, usable, size);
            p = realloc(p, to);
            CHECK(p != NULL && holds(p, usable < to ? usable : to, size));
            free(p);
        }
    return 0;
}
