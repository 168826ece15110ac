// Nothing of the family is left to another allocator: every name resolves to this library (mimalloc#26, rpmalloc PR#374;
// jemalloc 5.3.0 lacks pvalloc, so glibc's block reaches its free).
// libs: -ldl
// glibc: no, it is about the library
#include "../check.h"
#include <dlfcn.h>

static const char *const names[] = {
    "malloc", "free", "calloc", "realloc", "reallocarray", "posix_memalign", "aligned_alloc", "memalign", "valloc", "pvalloc",
    "malloc_usable_size", "free_sized", "free_aligned_sized", "malloc_trim", "mallinfo", "mallinfo2", "mallopt", "malloc_stats",
    "malloc_info", "cfree", "show_alloc_mem",
    "_Znwm", "_Znam", "_ZnwmRKSt9nothrow_t", "_ZnamRKSt9nothrow_t", "_ZnwmSt11align_val_t", "_ZnamSt11align_val_t",
    "_ZnwmSt11align_val_tRKSt9nothrow_t", "_ZnamSt11align_val_tRKSt9nothrow_t",
    "_ZdlPv", "_ZdaPv", "_ZdlPvm", "_ZdaPvm", "_ZdlPvRKSt9nothrow_t", "_ZdaPvRKSt9nothrow_t",
    "_ZdlPvSt11align_val_t", "_ZdaPvSt11align_val_t", "_ZdlPvmSt11align_val_t", "_ZdaPvmSt11align_val_t",
    "_ZdlPvSt11align_val_tRKSt9nothrow_t", "_ZdaPvSt11align_val_tRKSt9nothrow_t",
};

int main(void) {
    Dl_info ours, info;
    int missing = 0;
    CHECK(dladdr(dlsym(RTLD_DEFAULT, "show_alloc_mem"), &ours) != 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        void *at = dlsym(RTLD_DEFAULT, names[i]);
        if (at && dladdr(at, &info) && info.dli_fbase == ours.dli_fbase) continue;
        fprintf(stderr, "%s is %s\n", names[i], at ? info.dli_fname : "missing");
        missing++;
    }
    CHECK(missing == 0);
    CHECK(dlsym(RTLD_DEFAULT, "ft_malloc_no_such_name") == NULL);
    return 0;
}
