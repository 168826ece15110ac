// mallopt says 1 for what has a meaning here and 0 for the rest. Every value of glibc's header is tried.
#include "check.h"

int main(void) {
    CHECK(mallopt(M_MMAP_THRESHOLD, 1 << 20) == 1);
    CHECK(mallopt(M_TRIM_THRESHOLD, 1 << 20) == 1);
    CHECK(mallopt(M_PERTURB, 0) == 1);
    if (OURS) {
        CHECK(mallopt(M_MXFAST, 64) == 0);
        CHECK(mallopt(M_ARENA_MAX, 1) == 0 && mallopt(M_ARENA_TEST, 1) == 0);
        CHECK(mallopt(M_TOP_PAD, 1 << 20) == 0 && mallopt(M_MMAP_MAX, 100) == 0 && mallopt(M_CHECK_ACTION, 3) == 0);
        CHECK(mallopt(12345, 1) == 0 && mallopt(0, 1) == 0);
    }
    void *p = hide(malloc(100));
    CHECK(p != NULL);
    free(p);
    return 0;
}
