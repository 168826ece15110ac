// realloc(p, 0) as in glibc: frees the block and returns NULL. realloc(NULL, n) is malloc(n), also for 0.
#include "check.h"

int main(void) {
    static const size_t size[] = {0, 1, 100, 1000, 10000, 100000, 10000000};
    for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
        void *p = realloc(NULL, size[i]);
        CHECK(p != NULL && aligned(p, 16));
        fill(p, size[i], i);
        CHECK(realloc(p, 0) == NULL);
    }
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < 10000; i++) CHECK(realloc(malloc(1000), 0) == NULL);
    CHECK(mallinfo2().uordblks < before + 100000); // really freed
    return 0;
}
