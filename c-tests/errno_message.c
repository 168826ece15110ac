// free leaves errno alone, too, when it has something to say and nobody takes it.
// glibc: no, it has no messages of this kind
#include "check.h"

int main(void) {
    void *block = malloc(42);
    int before = dup(2);
    free(hide(block));
    CHECK(close(2) == 0);
    errno = 1000;
    free(hide(block));
    int after = errno;
    CHECK(dup2(before, 2) == 2 && after == 1000);
    return 0;
}
