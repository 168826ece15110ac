// The same as deepbind.c with a library in a namespace of its own (dlmopen), which has another libc with another heap.
// plugin: field/deepbind_plugin.c
// libs: -ldl
// stderr: ^ft_malloc: free\(0x[0-9a-f]+\): foreign pointer, not a block of this allocator$
// stderr: ^ft_malloc: realloc\(0x[0-9a-f]+\): foreign pointer, not a block of this allocator$
// stderr: ^ft_malloc: malloc_usable_size\(0x[0-9a-f]+\): foreign pointer, not a block of this allocator$
// glibc: no, a foreign block ends the program there
#define OPEN(path) dlmopen(LM_ID_NEWLM, path, RTLD_NOW | RTLD_LOCAL)
#include "deepbind.c"
