// show=1 lists at exit what is still allocated.
// env: FT_MALLOC=show=1
// stdout: ^TINY : 0x[0-9A-F]+$
// stdout: ^0x[0-9A-F]+ - 0x[0-9A-F]+ : 42 bytes$
// stdout: ^LARGE : 0x[0-9A-F]+$
// stdout: ^0x[0-9A-F]+ - 0x[0-9A-F]+ : 48847 bytes$
// stdout: ^Total : 48889 bytes$
// glibc: no, it has no show_alloc_mem
#include <stdlib.h>

int main(void) { return !malloc(42) || !malloc(48847); }
