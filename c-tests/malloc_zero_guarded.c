// The memory of malloc(0) can neither be read nor written; usable size, realloc, calloc, alignment and M_PERTURB know it.
// glibc: no, memory of malloc(0) is usable there
#include "check.h"
#include <signal.h>
#include <sys/wait.h>

static void touch(const void *p, int write) {
    int status;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        volatile char *at = hide((void *)p);
        if (write) *at = 1;
        _exit(*at == 0);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void *zero(int how) {
    void *p = NULL;
    switch (how) {
        case 0: return malloc(0);
        case 1: return calloc(7, 0);
        case 2: return aligned_alloc(16, 0);
        case 3: return aligned_alloc(64, 0);
        case 4: return valloc(0);
        case 5: return memalign(1 << 20, 0);
        default: CHECK(posix_memalign(&p, 256, 0) == 0); return p;
    }
}

int main(void) {
    for (int how = 0; how < 7; how++) {
        void *p = hide(zero(how)), *q;
        CHECK(p && malloc_usable_size(p) == 0);
        touch(p, 0);
        touch(p, 1);
        // Some would fit between two addresses.
        for (size_t size = 1; size <= 40; size += 3) {
            CHECK((q = hide(realloc(p, size))) && malloc_usable_size(q) >= size);
            fill(q, size, 1);
            CHECK(holds(q, size, 1));
            free(q);
            CHECK((p = hide(zero(how))));
        }
        CHECK((q = hide(realloc(p, 100000))));
        fill(q, 100000, 2);
        free(q);
        free_sized(hide(zero(how)), 0);
        CHECK(mallopt(M_PERTURB, 0x5a) == 1);
        free(hide(zero(how)));
        CHECK(mallopt(M_PERTURB, 0) == 1);
    }
    // Many zones of them come and go; the memory they lay in serves other blocks again.
    static void *many[20000];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 20000; i++) CHECK((many[i] = malloc(0)) != NULL);
        malloc_trim(0);
        touch(many[19999], 1);
        for (int i = 0; i < 20000; i++) free(many[i]);
        malloc_trim(0);
        for (int i = 0; i < 20000; i++) {
            CHECK((many[i] = malloc(100)) != NULL);
            fill(many[i], 100, (size_t)i);
        }
        for (int i = 0; i < 20000; i++) {
            CHECK(holds(many[i], 100, (size_t)i));
            free(many[i]);
        }
    }
    return 0;
}
