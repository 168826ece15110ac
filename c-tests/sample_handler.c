// A SIGSEGV handler that is there before the library runs after the library's report, with the same arguments.
// env: FT_MALLOC=sample_guard=1,seed=3
// mode: plain
// libs: -ldl
// stderr: ^ft_malloc: SIGSEGV at 0x[0-9a-f]+: use after free, 9 bytes into a freed 40-byte block at 0x[0-9a-f]+ \(sampled\)$
// stderr: ^ft_malloc:   allocated by .*$
// stderr: ^ft_malloc:   freed by .*$
// glibc: no, the options are the library's
#include "check.h"
#include <dlfcn.h>
#include <setjmp.h>
#include <signal.h>

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
    struct sigaction action = {0};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO;
    CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
    void *library = dlopen(getenv("C_TESTS_LIB"), RTLD_NOW | RTLD_LOCAL);
    CHECK(library != NULL);
    void *(*take)(size_t) = (void *(*)(size_t))dlsym(library, "malloc");
    void (*drop)(void *) = (void (*)(void *))dlsym(library, "free");
    CHECK(take && drop);
    char *p = take(40);
    drop(p);
    bad = hide(p + 9);
    if (sigsetjmp(back, 1) == 0) *bad = 1;
    if (sigsetjmp(back, 1) == 0) *bad = 1; // the same access is told once
    CHECK(seen == 2);
    // An access that has nothing to do with us.
    bad = hide((char *)8);
    if (sigsetjmp(back, 1) == 0) *bad = 1;
    CHECK(seen == 3);
    return 0;
}
