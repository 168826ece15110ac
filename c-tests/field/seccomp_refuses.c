// The system says ENOMEM to everything from some moment on: allocation gives NULL and ENOMEM or memory that is there,
// live blocks keep their contents, free works, nothing crashes (mimalloc#865, rpmalloc 2.0.1). One child per system call.
#include "../check.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { COUNT = 400 };
static void *p[COUNT];
static size_t size[COUNT];

static void refuse(int number) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOMEM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) _exit(77);
}

static void use(uint64_t state) {
    const int rounds = (int)times(4000, 20000);
    for (int i = 0; i < rounds; i++) {
        size_t slot = rnd(&state) % COUNT, want = rnd_size(&state, i % 20 == 0 ? 24 : 16);
        CHECK(p[slot] == NULL || holds(p[slot], size[slot], slot));
        errno = 0;
        void *next = i % 3 == 0 ? malloc(want) : i % 3 == 1 ? calloc(1, want) : realloc(p[slot], want + 1);
        CHECK(next != NULL || errno == ENOMEM);
        if (!next) continue;
        if (i % 3 == 1) CHECK(all_bytes(next, want, 0));
        if (i % 3 != 2) { errno = 3; free(p[slot]); CHECK(errno == 3); }
        p[slot] = next;
        fill(next, size[slot] = want, slot);
    }
}

int main(void) {
    static const int numbers[] = {SYS_mmap, SYS_munmap, SYS_mremap, SYS_madvise, SYS_mprotect};
    int status = 0;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            use(1 + i);
            refuse(numbers[i]);
            use(2 + i);
            malloc_trim(0);
            use(3 + i);
            for (size_t slot = 0; slot < COUNT; slot++) free(p[slot]);
            _exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77) skip("seccomp is not allowed here");
        if (status != 0) fprintf(stderr, "with system call %d refused: wait status %d\n", numbers[i], status);
        CHECK(status == 0);
    }
    counted(5 * 3 * times(4000, 20000), "operations, a system call refused");
    return 0;
}
