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

// Two children of a fork choose other places than their parent and than each other.
static void forked(void) {
    enum { COUNT = 32 };
    static void *p[3][COUNT];
    for (int process = 0; process < 3; process++) {
        int end[2];
        CHECK(pipe(end) == 0);
        const pid_t child = process < 2 ? fork() : getpid();
        CHECK(child >= 0);
        if (child == 0 || process == 2) for (int i = 0; i < COUNT; i++) CHECK((p[process][i] = malloc(200)) != NULL);
        if (child == 0) _exit(write(end[1], p[process], sizeof p[process]) != sizeof p[process]);
        if (process < 2) {
            int status;
            CHECK(read(end[0], p[process], sizeof p[process]) == sizeof p[process]);
            CHECK(waitpid(child, &status, 0) == child && status == 0);
        }
        close(end[0]);
        close(end[1]);
    }
    CHECK(memcmp(p[0], p[1], sizeof p[0]) && memcmp(p[0], p[2], sizeof p[0]) && memcmp(p[1], p[2], sizeof p[0]));
    for (int i = 0; i < COUNT; i++) free(p[2][i]);
}

int main(void) {
    exact = 1;
    late_and_random();
    forked();
    for (int round = 0; round < 3; round++) work_everywhere();
    return 0;
}
