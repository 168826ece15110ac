// show=1 finds standard output as it was at start, also in a program that closes it before it ends, as careful ones do.
// env: FT_MALLOC=show=1
// stdout: ^TINY : 0x[0-9A-F]+$
// stdout: ^0x[0-9A-F]+ - 0x[0-9A-F]+ : 42 bytes$
// stdout: ^Total : 42 bytes$
// glibc: no, it has no show_alloc_mem
#include <stdlib.h>
#include <unistd.h>

static void *kept;

int main(void) {
    kept = malloc(42);
    return kept == NULL || close(1) != 0;
}
