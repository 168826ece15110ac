// A SIGSEGV that is sent is no bad access: it ends a program that does nothing about it, whatever our handler does.
// env: FT_MALLOC=sample_guard=1
// status: 139
// glibc: no, the options are the library's
#include "check.h"
#include <signal.h>

int main(void) {
    free(hide(malloc(10)));
    raise(SIGSEGV);
    return 1;
}
