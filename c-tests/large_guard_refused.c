// A kernel without guard pages, one that refuses them, and one that no longer lets them go (a sandbox that came later): the
// heap works on, and all of every block can be used.
// mode: preload link
// emulator: no, it filters system calls of this machine
// glibc: no, it has no guards
#include "guards.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

// From now on madvise fails with this advice.
static void refuse(unsigned advice, unsigned error) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, advice, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        skip("no seccomp here");
}

// Blocks of all sizes come, are resized and go; each is written to its last byte.
static void use(void) {
    static char *block[60];
    uint64_t state = 9;
    for (size_t i = 0; i < 3000; i++) {
        const size_t at = rnd(&state) % 60, size = 1 + rnd(&state) % (i % 10 == 0 ? 6 << 20 : i % 2 ? 1 << 20 : 30000);
        if (i % 3 == 0) free(block[at]);
        block[at] = hide(i % 3 == 0 ? malloc(size) : realloc(block[at], size));
        CHECK(block[at] != NULL);
        const size_t usable = malloc_usable_size(block[at]);
        CHECK(usable >= size);
        for (size_t byte = 0; byte < usable; byte += 4096) block[at][byte] = 1;
        block[at][usable - 1] = 1;
    }
    for (size_t i = 0; i < 60; i++) {
        free(block[i]);
        block[i] = NULL;
    }
}

static void never_there(void) {
    refuse(GUARD_INSTALL, EINVAL);
    use();
}
static void refused_later(void) {
    use();
    refuse(GUARD_INSTALL, EPERM);
    use();
}
static void staying(void) {
    use();
    refuse(GUARD_REMOVE, EPERM);
    use();
}

int main(void) {
    void (*const run[])(void) = {never_there, refused_later, staying};
    for (size_t i = 0; i < sizeof run / sizeof *run; i++) {
        int status;
        const pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            run[i]();
            _exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child);
        CHECK(WIFEXITED(status));
        if (WEXITSTATUS(status) == 77) skip("no seccomp here");
        CHECK(WEXITSTATUS(status) == 0);
    }
    return 0;
}
