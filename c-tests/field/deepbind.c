// A library opened with RTLD_DEEPBIND takes its blocks from the libc; when one of them reaches our free or realloc it is
// recognised, reported and left alone (php-src#10670, jemalloc#2419).
// plugin: field/deepbind_plugin.c
// libs: -ldl
// stderr: ^ft_malloc: free\(0x[0-9a-f]+\): foreign pointer, not a block of this allocator$
// stderr: ^ft_malloc: realloc\(0x[0-9a-f]+\): foreign pointer, not a block of this allocator$
// stderr: ^ft_malloc: malloc_usable_size\(0x[0-9a-f]+\): foreign pointer, not a block of this allocator$
// glibc: no, there the block is not foreign
#include "../check.h"
#include <dlfcn.h>

#ifndef OPEN
#define OPEN(path) dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND)
#endif

int main(void) {
    void *plugin = OPEN(getenv("C_TESTS_PLUGIN"));
    CHECK(plugin != NULL);
    char *(*make)(void);
    void (*give)(char *);
    *(void **)&make = dlsym(plugin, "make");
    *(void **)&give = dlsym(plugin, "give");
    char *text = hide(make());
    free(text);
    REFUSED(realloc(text, 100), EINVAL);
    CHECK(malloc_usable_size(text) == 0);
    CHECK(strcmp(text, "from the other heap") == 0);
    give(text);
    return 0;
}
