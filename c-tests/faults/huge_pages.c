// The ways to huge pages: more than 8 MiB of small zones, and LARGE blocks that are filled one after the other.
#include "../faults.h"

enum { COUNT = 40000 };
static struct block block[COUNT];

static void work(void) {
    for (int i = 0; i < COUNT; i++) put(&block[i], TRY(malloc(400)), 400, (size_t)i);
    for (int i = 0; i < COUNT; i++) if (i % 64 != 0) drop(&block[i]);
    malloc_trim(0);
    for (int i = 0; i < COUNT; i++) drop(&block[i]);
    struct block large = {NULL, 0, 0};
    for (int i = 0; i < 12; i++) {
        const size_t size = (5u << 20) + (size_t)i * 300000;
        unsigned char *p = TRY(malloc(size));
        if (p) memset(p, 1, size);
        if (put(&large, p, size, (size_t)i)) resize(&large, size + (3u << 20), (size_t)i + 50);
        drop(&large);
    }
}
