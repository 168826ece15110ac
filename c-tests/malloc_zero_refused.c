// Where the kernel refuses to protect memory, malloc(0) gives usable memory; where it refuses to make it accessible
// again, that memory never serves as usable one.
// mode: preload link
// emulator: no, it filters system calls of this machine
// glibc: no, it protects nothing
#include "check.h"
#include <stddef.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

// From now on mprotect with this protection fails with ENOMEM.
static void refuse(unsigned protection) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, protection, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOMEM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        skip("no seccomp here");
}

enum { COUNT = 10000 };
static void *block[COUNT];

static void in_child(void (*run)(void)) {
    int status;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        run();
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) _exit(77);
    CHECK(WEXITSTATUS(status) == 0);
}

static void no_protection(void) {
    refuse(PROT_NONE);
    for (int i = 0; i < COUNT; i++) CHECK((block[i] = malloc(0)) != NULL);
    void *p = hide(aligned_alloc(64, 0));
    CHECK(p && aligned(p, 64));
    for (int i = 0; i < COUNT; i++) {
        CHECK(i == 0 || block[i] != block[i - 1]);
        memset(hide(block[i]), 1, malloc_usable_size(block[i]));
        free(block[i]);
    }
    free(p);
}

static void no_way_back(void) {
    for (int i = 0; i < COUNT; i++) CHECK((block[i] = malloc(0)) != NULL);
    void *p = hide(aligned_alloc(64, 0));
    // What comes from now on must fit into what is accessible already.
    for (int i = 0; i < 2000; i++) free(malloc(100));
    refuse(PROT_READ | PROT_WRITE);
    for (int i = 0; i < COUNT; i++) free(block[i]);
    free(p);
    malloc_trim(0);
    for (int i = 0; i < COUNT; i++) {
        block[i] = malloc(64);
        if (block[i]) fill(block[i], 64, (size_t)i);
    }
    for (int i = 0; i < COUNT; i++) {
        CHECK(block[i] == NULL || holds(block[i], 64, (size_t)i));
        free(block[i]);
    }
    for (int i = 0; i < COUNT; i++) CHECK((block[i] = malloc(0)) != NULL);
    for (int i = 0; i < COUNT; i++) free(block[i]);
}

int main(void) {
    in_child(no_protection);
    in_child(no_way_back);
    return 0;
}
