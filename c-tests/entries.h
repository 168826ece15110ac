// Every name that the library exports (scripts/exports.txt), each with a call, for promises that hold for all of them.
// Without the library (--libc) some are not there, and their calls do nothing.
#ifndef ENTRIES_H
#define ENTRIES_H

#include "check.h"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations" // mallinfo
#pragma GCC diagnostic ignored "-Waddress"                 // most are not weak

#define WEAK __attribute__((weak))
WEAK void cfree(void *);
WEAK void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);
WEAK void *__libc_valloc(size_t), *__libc_pvalloc(size_t);
WEAK void __libc_free(void *);
// operator new and delete: a is [], m a size, St11align_val_t an alignment, RKSt9nothrow_t std::nothrow.
WEAK void *_Znwm(size_t), *_Znam(size_t), *_ZnwmRKSt9nothrow_t(size_t, const void *), *_ZnamRKSt9nothrow_t(size_t, const void *);
WEAK void *_ZnwmSt11align_val_t(size_t, size_t), *_ZnamSt11align_val_t(size_t, size_t);
WEAK void *_ZnwmSt11align_val_tRKSt9nothrow_t(size_t, size_t, const void *);
WEAK void *_ZnamSt11align_val_tRKSt9nothrow_t(size_t, size_t, const void *);
WEAK void _ZdlPv(void *), _ZdaPv(void *), _ZdlPvm(void *, size_t), _ZdaPvm(void *, size_t);
WEAK void _ZdlPvRKSt9nothrow_t(void *, const void *), _ZdaPvRKSt9nothrow_t(void *, const void *);
WEAK void _ZdlPvSt11align_val_t(void *, size_t), _ZdaPvSt11align_val_t(void *, size_t);
WEAK void _ZdlPvmSt11align_val_t(void *, size_t, size_t), _ZdaPvmSt11align_val_t(void *, size_t, size_t);
WEAK void _ZdlPvSt11align_val_tRKSt9nothrow_t(void *, size_t, const void *);
WEAK void _ZdaPvSt11align_val_tRKSt9nothrow_t(void *, size_t, const void *);
// NULL in a static program, where the linker takes from an archive what more than weak references ask for.
extern WEAK char _DYNAMIC[];
// Known to the library only by its address.
static const char entry_nothrow;

// A new block that the next call is about, and the check of one that a call gave.
static inline void *entry_block(size_t size) {
    void *p = hide(malloc(size));
    CHECK(p != NULL);
    return p;
}
static inline void entry_made(void *p, size_t size, size_t alignment) {
    CHECK(p != NULL && aligned(p, alignment) && malloc_usable_size(p) >= size);
    memset(p, 1, size < 4096 ? size : 4096);
    free(p);
}

struct entry { const char *name; void (*call)(size_t size); };
#define DOES(name, ...) static void entry_##name(size_t size) { (void)size; if (name) { __VA_ARGS__; } else CHECK(!OURS || !_DYNAMIC); }
#define MAKES(name, alignment, ...) DOES(name, entry_made(name(__VA_ARGS__), size, alignment))
#define FREES(name, ...) DOES(name, name(__VA_ARGS__))
MAKES(malloc, 16, size)
MAKES(calloc, 16, 1, size)
MAKES(realloc, 16, entry_block(size / 2), size)
MAKES(reallocarray, 16, entry_block(size * 2), 1, size)
MAKES(aligned_alloc, 64, 64, size)
MAKES(memalign, 256, 256, size)
MAKES(valloc, 4096, size)
MAKES(pvalloc, 4096, size)
DOES(posix_memalign, void *p = NULL; CHECK(posix_memalign(&p, 4096, size) == 0); entry_made(p, size, 4096))
MAKES(__libc_malloc, 16, size)
MAKES(__libc_calloc, 16, 1, size)
MAKES(__libc_realloc, 16, entry_block(size / 2), size)
MAKES(__libc_memalign, 128, 128, size)
MAKES(__libc_valloc, 4096, size)
MAKES(__libc_pvalloc, 4096, size)
FREES(__libc_free, entry_block(size))
FREES(free, entry_block(size))
FREES(cfree, entry_block(size))
FREES(free_sized, entry_block(size), size)
FREES(free_aligned_sized, aligned_alloc(32, size), 32, size)
DOES(malloc_usable_size, void *p = entry_block(size); CHECK(malloc_usable_size(p) >= size && malloc_usable_size(NULL) == 0); free(p))
DOES(mallinfo, CHECK(mallinfo().uordblks >= 0))
DOES(mallinfo2, CHECK(mallinfo2().uordblks < (1u << 30)))
DOES(mallopt, mallopt(M_TRIM_THRESHOLD, 1 << 20))
DOES(malloc_trim, malloc_trim(0))
DOES(malloc_stats, malloc_stats())
DOES(malloc_info, CHECK(malloc_info(0, stdout) == 0 && fflush(stdout) == 0))
DOES(show_alloc_mem, show_alloc_mem())
MAKES(_Znwm, 16, size)
MAKES(_Znam, 16, size)
MAKES(_ZnwmRKSt9nothrow_t, 16, size, &entry_nothrow)
MAKES(_ZnamRKSt9nothrow_t, 16, size, &entry_nothrow)
MAKES(_ZnwmSt11align_val_t, 512, size, 512)
MAKES(_ZnamSt11align_val_t, 512, size, 512)
MAKES(_ZnwmSt11align_val_tRKSt9nothrow_t, 512, size, 512, &entry_nothrow)
MAKES(_ZnamSt11align_val_tRKSt9nothrow_t, 512, size, 512, &entry_nothrow)
FREES(_ZdlPv, entry_block(size))
FREES(_ZdaPv, entry_block(size))
FREES(_ZdlPvm, entry_block(size), size)
FREES(_ZdaPvm, entry_block(size), size)
FREES(_ZdlPvRKSt9nothrow_t, entry_block(size), &entry_nothrow)
FREES(_ZdaPvRKSt9nothrow_t, entry_block(size), &entry_nothrow)
FREES(_ZdlPvSt11align_val_t, aligned_alloc(64, size), 64)
FREES(_ZdaPvSt11align_val_t, aligned_alloc(64, size), 64)
FREES(_ZdlPvmSt11align_val_t, aligned_alloc(64, size), size, 64)
FREES(_ZdaPvmSt11align_val_t, aligned_alloc(64, size), size, 64)
FREES(_ZdlPvSt11align_val_tRKSt9nothrow_t, aligned_alloc(64, size), 64, &entry_nothrow)
FREES(_ZdaPvSt11align_val_tRKSt9nothrow_t, aligned_alloc(64, size), 64, &entry_nothrow)

#define E(name) {#name, entry_##name}
static const struct entry entries[] = {
    E(malloc), E(calloc), E(realloc), E(reallocarray), E(aligned_alloc), E(memalign), E(valloc), E(pvalloc), E(posix_memalign),
    E(__libc_malloc), E(__libc_calloc), E(__libc_realloc), E(__libc_memalign), E(__libc_valloc), E(__libc_pvalloc), E(__libc_free),
    E(free), E(cfree), E(free_sized), E(free_aligned_sized), E(malloc_usable_size), E(mallinfo), E(mallinfo2), E(mallopt),
    E(malloc_trim), E(malloc_stats), E(malloc_info), E(show_alloc_mem),
    E(_Znwm), E(_Znam), E(_ZnwmRKSt9nothrow_t), E(_ZnamRKSt9nothrow_t), E(_ZnwmSt11align_val_t), E(_ZnamSt11align_val_t),
    E(_ZnwmSt11align_val_tRKSt9nothrow_t), E(_ZnamSt11align_val_tRKSt9nothrow_t),
    E(_ZdlPv), E(_ZdaPv), E(_ZdlPvm), E(_ZdaPvm), E(_ZdlPvRKSt9nothrow_t), E(_ZdaPvRKSt9nothrow_t),
    E(_ZdlPvSt11align_val_t), E(_ZdaPvSt11align_val_t), E(_ZdlPvmSt11align_val_t), E(_ZdaPvmSt11align_val_t),
    E(_ZdlPvSt11align_val_tRKSt9nothrow_t), E(_ZdaPvSt11align_val_tRKSt9nothrow_t),
};
#undef E
enum { ENTRIES = sizeof entries / sizeof *entries };

// Standard output and error, into which reports go: into nothing, and back. What a CHECK says goes where it went before.
static int entry_kept[2];
static inline void reports_to_nothing(void) {
    int nothing = open("/dev/null", O_WRONLY);
    for (int i = 0; i < 2; i++) CHECK((entry_kept[i] = dup(i + 1)) >= 0 && dup2(nothing, i + 1) == i + 1);
    complaints = entry_kept[1];
    close(nothing);
}
static inline void reports_back(void) {
    for (int i = 0; i < 2; i++) CHECK(dup2(entry_kept[i], i + 1) == i + 1 && close(entry_kept[i]) == 0);
    complaints = 2;
}

#endif
