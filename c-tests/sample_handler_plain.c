// A SIGSEGV handler of one argument that is there before the library runs after the library's report, both on the program's
// alternate stack.
// env: FT_MALLOC=sample_guard=1,seed=3
// mode: plain
// libs: -ldl
// stderr: ^ft_malloc: SIGSEGV at 0x[0-9a-f]+: use after free, 9 bytes into a freed 40-byte block at 0x[0-9a-f]+ \(sampled\)$
// stderr: ^ft_malloc:   allocated by .*$
// stderr: ^ft_malloc:   freed by .*$
// stderr: ^handled$
// glibc: no, the options are the library's
#include "opened.h"
#include <unistd.h>

static char stack[1 << 16];

static void on_fault(int signal) {
    const char local = 0;
    CHECK(signal == SIGSEGV);
    CHECK(address(&local) - address(stack) < sizeof stack);
    CHECK(write(2, "handled\n", 8) == 8);
    _exit(0);
}

int main(void) {
    const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    CHECK(sigaltstack(&alternate, NULL) == 0);
    void (*handler)(int, siginfo_t *, void *) = (void (*)(int, siginfo_t *, void *))(void (*)(void))on_fault;
    *(volatile char *)freed_after(handler, SA_ONSTACK, 0) = 1;
    return 2;
}
