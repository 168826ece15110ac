// Every size is 16-byte aligned, from malloc, calloc, realloc and reallocarray.
// mode: preload link static
#include "check.h"

int main(void) {
    void *grown = NULL;
    for (size_t size = 0; size <= 33000; size += size < 1100 ? 1 : 13) {
        void *a = malloc(size), *b = calloc(1, size), *c = malloc(size);
        CHECK(a && b && c && aligned(a, 16) && aligned(b, 16) && aligned(c, 16));
        CHECK((grown = realloc(grown, size + 1)) != NULL && aligned(grown, 16));
        free(b); // a and c stay for a while: neighbours must be aligned too
        if (size % 3 == 0) free(a);
        if (size % 5 == 0) free(c);
    }
    for (size_t size = 33000; size < (64u << 20); size += size / 3) {
        void *a = malloc(size), *b = reallocarray(NULL, size, 1);
        CHECK(a && b && aligned(a, 16) && aligned(b, 16));
        free(a);
        free(b);
    }
    free(grown);
    return 0;
}
