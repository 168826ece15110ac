// A SIGSEGV handler that is there before the library is called as it was installed: with its arguments, with its signals
// blocked, and for one signal only if it says so. Then the access ends the program.
// env: FT_MALLOC=sample_guard=1,seed=3
// mode: plain
// libs: -ldl
// stderr: ^ft_malloc: SIGSEGV at 0x[0-9a-f]+: use after free, 9 bytes into a freed 40-byte block at 0x[0-9a-f]+ \(sampled\)$
// stderr: ^ft_malloc:   allocated by .*$
// stderr: ^ft_malloc:   freed by .*$
// stderr: ^handled$
// status: 139
// glibc: no, the options are the library's
#include "opened.h"
#include <unistd.h>

static char *volatile bad;
static volatile int seen;

static void on_fault(int signal, siginfo_t *about, void *context) {
    sigset_t blocked;
    if (seen++) _exit(1);
    CHECK(signal == SIGSEGV && context != NULL && about->si_addr == (void *)bad);
    CHECK(sigprocmask(SIG_BLOCK, NULL, &blocked) == 0);
    CHECK(sigismember(&blocked, SIGUSR1) == 1 && sigismember(&blocked, SIGSEGV) == 1 && sigismember(&blocked, SIGUSR2) == 0);
    CHECK(write(2, "handled\n", 8) == 8);
}

int main(void) {
    bad = freed_after(on_fault, SA_SIGINFO | SA_RESETHAND, SIGUSR1);
    *(volatile char *)bad = 1;
    return 2;
}
