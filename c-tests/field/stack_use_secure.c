// The same as stack_use.c in the hardened mode, which takes canaries, random places and a quarantine. Its messages go on.
// env: LD_BIND_NOW=1
// env: FT_MALLOC=secure,on_error=warn
// glibc: no, it is about the library
#include "stack_use.c"
