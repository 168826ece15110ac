// Every alignment up to 64 MiB, with small and large sizes; posix_memalign says ENOMEM and leaves errno alone.
// emulator: no, its own memory and address space are in the figures
#include "../faults.h"

static void work(void) {
    static struct block block[200];
    size_t count = 0;
    for (size_t alignment = 16; alignment <= (64u << 20); alignment *= 2)
        for (size_t size = 1; size < 3000000; size *= 40) {
            void *p = NULL;
            if (count % 2 == 0) {
                p = TRY(memalign(alignment, size));
            } else {
                errno = 3;
                int result = posix_memalign(&p, alignment, size);
                CHECK(errno == 3 && (result == 0 || (EXCUSED && result == ENOMEM)));
                if (result != 0) p = NULL;
            }
            CHECK(aligned(p, alignment));
            put(&block[count], p, size, count);
            count++;
        }
    for (size_t i = 0; i < count; i++) drop(&block[i]);
}
