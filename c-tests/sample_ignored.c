// A SIGSEGV that is sent to a program that was started to ignore it is ignored, each time.
// env: FT_MALLOC=sample_guard=1
// glibc: no, the options are the library's
#include "check.h"
#include <signal.h>

int main(int count, char **argument) {
    if (count == 1) {
        CHECK(signal(SIGSEGV, SIG_IGN) != SIG_ERR);
        execl("/proc/self/exe", argument[0], "again", (char *)NULL);
        return 1;
    }
    free(hide(malloc(10)));
    for (int i = 0; i < 3; i++) CHECK(raise(SIGSEGV) == 0);
    return 0;
}
