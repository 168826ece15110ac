// Page faults, and whether there are huge pages.
#ifndef PAGES_H
#define PAGES_H

#include "check.h"
#include <sys/mman.h>
#include <sys/resource.h>

// Minor page faults so far.
static inline size_t faults(void) {
    struct rusage usage;
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
    return (size_t)usage.ru_minflt;
}

// Whether the kernel gives huge pages to those who ask.
static inline int huge_pages(void) {
    const size_t bytes = 16 << 20;
    char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED);
    if (madvise(p, bytes, MADV_HUGEPAGE) != 0) return 0;
    const size_t before = faults();
    memset(p, 1, bytes);
    const size_t came = faults() - before;
    CHECK(munmap(p, bytes) == 0);
    return came < bytes / 4096 / 4;
}

#endif
