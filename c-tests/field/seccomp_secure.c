// The same as seccomp.c in the hardened mode.
// env: FT_MALLOC=secure
// glibc: no, the options are the library's
#include "seccomp.c"
