// A SIGSEGV handler that is there before the library runs after the library's report, with the same arguments.
// env: FT_MALLOC=sample_guard=1,seed=3
// mode: plain
// libs: -ldl
// stderr: ^ft_malloc: SIGSEGV at 0x[0-9a-f]+: use after free, 9 bytes into a freed 40-byte block at 0x[0-9a-f]+ \(sampled\)$
// stderr: ^ft_malloc:   allocated by .*$
// stderr: ^ft_malloc:   freed by .*$
// glibc: no, the options are the library's
#include "opened.h"
#include <setjmp.h>

static sigjmp_buf back;
static volatile char *volatile bad;
static volatile int seen;

static void on_fault(int signal, siginfo_t *about, void *context) {
    CHECK(signal == SIGSEGV && context != NULL);
    CHECK(about->si_addr == (void *)bad);
    seen++;
    siglongjmp(back, 1);
}

int main(void) {
    bad = freed_after(on_fault, SA_SIGINFO, 0);
    if (sigsetjmp(back, 1) == 0) *bad = 1;
    if (sigsetjmp(back, 1) == 0) *bad = 1; // the same access is told once
    CHECK(seen == 2);
    // An access that has nothing to do with us.
    bad = hide((char *)8);
    if (sigsetjmp(back, 1) == 0) *bad = 1;
    CHECK(seen == 3);
    return 0;
}
