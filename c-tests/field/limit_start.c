// A process with 64 MiB of address space starts, and has most of it to allocate (hardened_malloc#206, snmalloc#334).
// run: ulimit -v 65536
// emulator: no, the limit would be the emulator's
#include "../check.h"

// The map of the address space takes 16 MiB of it on x86-64, and 32 MiB where addresses have 48 bits.
#ifdef __x86_64__
#define LEAST ((size_t)24 << 20)
#else
#define LEAST ((size_t)20 << 20)
#endif

int main(void) {
    size_t bytes = 0;
    for (size_t size = 1; size < 300000; size = size * 2 + 1) free(hide(malloc(size)));
    while (malloc(100000) != NULL) bytes += 100000;
    CHECK(errno == ENOMEM);
    if (bytes < LEAST) fprintf(stderr, "%zu bytes to allocate\n", bytes);
    CHECK(bytes >= LEAST);
    return 0;
}
