// mallopt takes every parameter of glibc's header: programs for real time end when it refuses one. 0 for what is unknown.
#include "check.h"

int main(void) {
    CHECK(mallopt(M_MMAP_THRESHOLD, 1 << 20) == 1);
    CHECK(mallopt(M_TRIM_THRESHOLD, 1 << 20) == 1);
    CHECK(mallopt(M_PERTURB, 0) == 1);
    CHECK(mallopt(M_MXFAST, 64) == 1 && mallopt(M_ARENA_MAX, 1) == 1 && mallopt(M_ARENA_TEST, 1) == 1);
    CHECK(mallopt(M_TOP_PAD, 1 << 20) == 1 && mallopt(M_MMAP_MAX, 100) == 1 && mallopt(M_CHECK_ACTION, 3) == 1);
    CHECK(mallopt(M_NLBLKS, 1) == 1 && mallopt(M_GRAIN, 1) == 1 && mallopt(M_KEEP, 1) == 1);
    CHECK(mallopt(M_TRIM_THRESHOLD, -1) == 1);
    if (OURS) CHECK(mallopt(12345, 1) == 0 && mallopt(0, 1) == 0);
    void *p = hide(malloc(100));
    CHECK(p != NULL);
    free(p);
    return 0;
}
