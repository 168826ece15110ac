// Guard pages, where the kernel has them: MADV_GUARD_INSTALL, Linux 6.13.
#ifndef GUARDS_H
#define GUARDS_H

#include "check.h"
#include <sys/mman.h>

#define GUARD_INSTALL 102
#define GUARD_REMOVE 103

// Whether a byte can be read, without a fault.
static inline int readable(const void *byte) {
    static int pipes[2];
    char sink;
    if (pipes[1] == 0) CHECK(pipe(pipes) == 0);
    if (write(pipes[1], byte, 1) == 1) return read(pipes[0], &sink, 1) == 1;
    CHECK(errno == EFAULT);
    return 0;
}

// Whether this kernel has them; an emulator may only say so.
static inline int has_guards(void) {
    char *page = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    const int guarded = madvise(page, 1, GUARD_INSTALL) == 0 && !readable(page);
    CHECK(munmap(page, 1) == 0);
    return guarded;
}

#endif
