// The same as seccomp.c with sampled blocks.
// env: FT_MALLOC=sample_guard=50
// glibc: no, the options are the library's
#include "seccomp.c"
