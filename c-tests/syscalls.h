// Counting a child's mmap and munmap calls with ptrace, one pair of getppid calls around what is counted.
#ifndef SYSCALLS_H
#define SYSCALLS_H

#include "check.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/ptrace.h>

struct calls { int mmap, munmap, mremap, other; };

static inline struct calls count_calls(void (*run)(void)) {
    struct calls seen = {0, 0, 0, 0};
    struct ptrace_syscall_info info;
    int status = 0, inside = 0;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) _exit(77);
        raise(SIGSTOP);
        run();
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    if (!WIFSTOPPED(status) || ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) != 0)
        skip("ptrace is not allowed here");
    for (;;) {
        CHECK(ptrace(PTRACE_SYSCALL, child, NULL, NULL) == 0 && waitpid(child, &status, 0) == child);
        if (WIFEXITED(status)) break;
        CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == (SIGTRAP | 0x80));
        if (ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info) <= 0) skip("the kernel has no PTRACE_GET_SYSCALL_INFO");
        if (info.op != PTRACE_SYSCALL_INFO_ENTRY) continue;
        if (info.entry.nr == SYS_getppid) inside = !inside;
        else if (!inside) continue;
        else if (info.entry.nr == SYS_mmap) seen.mmap++;
        else if (info.entry.nr == SYS_munmap) seen.munmap++;
        else if (info.entry.nr == SYS_mremap) seen.mremap++;
        else seen.other++;
    }
    CHECK(WEXITSTATUS(status) == 0 && inside == 0);
    return seen;
}

#endif
