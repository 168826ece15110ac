// realloc through all classes, up and down; one that fails leaves its block alone.
#include "../faults.h"

static void work(void) {
    static struct block block[12];
    for (size_t size = 1; size < (24u << 20); size += size / 2 + 1)
        for (size_t i = 0; i < (size < 100000 ? 12 : 3); i++) resize(&block[i], size + i, size);
    for (size_t size = 20 << 20; size > 0; size /= 3)
        for (size_t i = 0; i < 3; i++) resize(&block[i], size + i, size);
    for (int i = 0; i < 12; i++) drop(&block[i]);
}
