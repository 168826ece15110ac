// The same as stack_use.c with sampled blocks, whose messages look for the names of two stacks. A write behind a block is told
// by a signal handler, whose frame alone may take more: it is not measured.
// env: LD_BIND_NOW=1
// env: FT_MALLOC=sample_guard=3
// glibc: no, it is about the library
#include "stack_use.c"
