// free_sized and free_aligned_sized (C23) free, quietly, when size and alignment are right; NULL is fine.
// glibc: no, it has neither before 2.43
#include "check.h"

int main(void) {
    static const size_t size[] = {0, 1, 42, 128, 129, 1000, 1024, 1025, 20000, 32768, 32769, 100000, 5000000};
    size_t before = mallinfo2().uordblks;
    for (int round = 0; round < 20; round++)
        for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
            free_sized(malloc(size[i]), size[i]);
            free_sized(calloc(size[i], 1), size[i]);
            free_sized(realloc(malloc(10), size[i] + 1), size[i] + 1);
            for (size_t alignment = 16; alignment <= 65536; alignment *= 4)
                free_aligned_sized(aligned_alloc(alignment, size[i]), alignment, size[i]);
        }
    free_sized(NULL, 0);
    free_sized(NULL, 100);
    free_aligned_sized(NULL, 64, 100);
    CHECK(mallinfo2().uordblks <= before + 100000); // freed indeed: one round alone is 60 MB
    return 0;
}
