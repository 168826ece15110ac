// In the hardened mode all promises of the functions hold, with threads, forks and ended threads: contents, sizes,
// alignment, cleared memory; and blocks come back late, at places that nobody can foresee.
// env: FT_MALLOC=secure
// glibc: no, the options are the library's
#include "history.h"

static void late_and_random(void) {
    enum { COUNT = 64 };
    void *p = malloc(48), *q[COUNT];
    int ascending = 0;
    free(p);
    for (int i = 0; i < 200; i++) {
        void *next = hide(malloc(48));
        CHECK(next != p);
        free(next);
    }
    for (int i = 0; i < COUNT; i++) {
        q[i] = malloc(500);
        ascending += i > 0 && address(q[i]) > address(q[i - 1]);
    }
    CHECK(ascending > COUNT / 8 && ascending < COUNT * 7 / 8);
    for (int i = 0; i < COUNT; i++) free(q[i]);
}

int main(void) {
    exact = 1;
    late_and_random();
    for (int round = 0; round < 3; round++) work_everywhere();
    return 0;
}
