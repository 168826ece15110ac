// realloc keeps the content up to the smaller of both sizes: small steps, all class boundaries, random walks.
#include "check.h"

static void *step(void *p, size_t from, size_t to, size_t seed) {
    void *q = realloc(p, to);
    CHECK(q != NULL && aligned(q, 16) && malloc_usable_size(q) >= to);
    CHECK(holds(q, from < to ? from : to, seed));
    fill(q, to, seed);
    return q;
}

int main(void) {
    static const size_t edge[] = {1, 16, 17, 128, 129, 1024, 1025, 32768, 32769, 65536, 65537, 1 << 20, 5 << 20};
    enum { EDGES = sizeof edge / sizeof *edge };
    void *p = malloc(1);
    size_t size = 1;
    uint64_t state = 3;
    fill(p, 1, 9);
    for (size_t to = 2; to < 3000; size = to++) p = step(p, size, to, 9);
    for (size_t to = size; to > 0; size = to--) p = step(p, size, to, 9);
    free(p);
    for (int i = 0; i < EDGES; i++)
        for (int j = 0; j < EDGES; j++) {
            p = malloc(edge[i]);
            fill(p, edge[i], 5);
            free(step(p, edge[i], edge[j], 5));
        }
    p = malloc(size = 1);
    fill(p, 1, 1);
    for (int i = 0; i < 2000; i++) {
        size_t to = rnd_size(&state, 17) + 1;
        p = step(p, size, to, 1);
        size = to;
    }
    free(p);
    return 0;
}
