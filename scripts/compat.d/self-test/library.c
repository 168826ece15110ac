/*
 * A malloc that passes everything on to the C library, with a fault chosen by a macro. Built by
 * tools/self-test.sh.
 */
#define _GNU_SOURCE
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

#ifndef EMPTY
void *malloc(size_t size) { return __libc_malloc(size); }
void free(void *p) { __libc_free(p); }
void *realloc(void *p, size_t size) { return __libc_realloc(p, size); }
int posix_memalign(void **p, size_t alignment, size_t size) { return (*p = __libc_memalign(alignment, size)) ? 0 : 12; }
size_t malloc_usable_size(void *p) { return p ? ((size_t *)p)[-1] & ~(size_t)7 : 0; }
#ifndef PARTIAL
void *calloc(size_t n, size_t size) { return __libc_calloc(n, size); }
#endif
#endif

__attribute__((constructor)) static void start(void)
{
    const char *text = NULL;
    int fd = 1;

#ifdef PRINTS
    text = "something else\n";
#endif
#ifdef REPORTS
    text = "ft_malloc: free(0x10): foreign pointer, not a block of this allocator\n";
    fd = 2;
#endif
    if (text && write(fd, text, strlen(text)) < 0)
        _exit(9);
#ifdef DIES
    abort();
#endif
#ifdef HANGS
    for (;;)
        pause();
#endif
}
