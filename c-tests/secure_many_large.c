// The hardened mode with more LARGE blocks than get guards: what is freed shows nothing, and all that may be used of a new
// block reads as zero.
// env: FT_MALLOC=secure
// glibc: no, the options are the library's
// emulator: no, it filters system calls of this machine
#include "refuse.h"
#include <sys/mman.h>

enum { COUNT = 8200, LAST = 100 };

int main(void) {
    static char *p[COUNT], *mapped[LAST];
    const size_t size = 40000, page = (size_t)sysconf(_SC_PAGESIZE), large = 5u << 20;
    for (int i = 0; i < COUNT; i++) CHECK((p[i] = hide(malloc(size))) != NULL);
    for (int i = 0; i < LAST; i++) CHECK((mapped[i] = hide(malloc(large))) != NULL);
    for (int round = 0; round < 3; round++) {
        for (int i = COUNT - LAST; i < COUNT; i++) {
            size_t usable = malloc_usable_size(p[i]);
            for (size_t at = 0; at < usable; at += at + 1 < usable ? usable - 1 : 1) CHECK(p[i][at] == 0);
            memset(p[i], 'A', usable);
        }
        for (int i = COUNT - LAST; i < COUNT; i++) free(p[i]);
        // Readable: without guards they are runs of an arena that is in use.
        for (int i = COUNT - LAST; i < COUNT; i++) CHECK(((volatile char *)p[i])[size / 2] == 0);
        for (int i = COUNT - LAST; i < COUNT; i++) CHECK((p[i] = hide(malloc(size))) != NULL);
        memset(mapped[round], 'A', page);
        free(mapped[round]);
        CHECK((mapped[round] = hide(malloc(large))) != NULL && mapped[round][0] == 0);
    }
    // Nor does what realloc cuts off.
    char *shrunk = hide(malloc(1000000));
    volatile char *tail = shrunk + 700000;
    memset(shrunk, 'A', 1000000);
    shrunk = hide(realloc(shrunk, 300000));
    CHECK(shrunk != NULL && shrunk[299999] == 'A' && *tail == 0);
    free(shrunk);
    // Nor what is freed while the kernel takes no memory back.
    refuse(SYS_madvise, MADV_DONTNEED, ENOMEM);
    for (int i = COUNT - LAST; i < COUNT; i++) memset(p[i], 'A', size);
    for (int i = COUNT - LAST; i < COUNT; i++) free(p[i]);
    for (int i = COUNT - LAST; i < COUNT; i++) CHECK(((volatile char *)p[i])[size / 2] == 0);
    for (int i = COUNT - LAST; i < COUNT; i++) CHECK((p[i] = hide(malloc(size))) != NULL && p[i][size / 2] == 0);
    for (int i = 0; i < COUNT; i++) free(p[i]);
    for (int i = 0; i < LAST; i++) free(mapped[i]);
    return 0;
}
