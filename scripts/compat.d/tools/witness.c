/*
 * Preloaded beside the library under test. At the start of every process it appends one line to
 * $COMPAT_WITNESS: process id, executable, and for each allocation function the file that a call of
 * it reaches in this process. Both runs have it, so a preload that was dropped shows as the libc's.
 *
 * It looks at what the loader bound its own calls to, in its own relocations, and not at dlsym:
 * an executable at a fixed address that takes the address of malloc has a stub of that name, which
 * dlsym returns. Link with -z now. It allocates nothing.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern ElfW(Dyn) _DYNAMIC[] __attribute__((visibility("hidden")));

/* Never runs: makes the relocations. */
__attribute__((used)) static void call_them(void *volatile p)
{
    p = malloc(1);
    free(p);
    p = calloc(1, 1);
    p = realloc(p, malloc_usable_size(p));
    if (posix_memalign((void **)&p, 16, 1))
        p = NULL;
}

/* The file that a call of `name` from here reaches. */
static const char *server(const char *name)
{
    struct link_map *self = NULL;
    const ElfW(Rela) *relocation = NULL;
    const ElfW(Sym) *symbols = NULL;
    const char *strings = NULL;
    size_t count = 0, i;
    Dl_info info;
    const ElfW(Dyn) *entry;

    if (!dladdr1(_DYNAMIC, &info, (void **)&self, RTLD_DL_LINKMAP))
        return "?";
    for (entry = self->l_ld; entry->d_tag != DT_NULL; entry++) {
        switch (entry->d_tag) {
        case DT_JMPREL: relocation = (const ElfW(Rela) *)entry->d_un.d_ptr; break;
        case DT_PLTRELSZ: count = entry->d_un.d_val / sizeof *relocation; break;
        case DT_SYMTAB: symbols = (const ElfW(Sym) *)entry->d_un.d_ptr; break;
        case DT_STRTAB: strings = (const char *)entry->d_un.d_ptr; break;
        default: break;
        }
    }
    for (i = 0; relocation && symbols && strings && i < count; i++) {
        if (strcmp(strings + symbols[ELF64_R_SYM(relocation[i].r_info)].st_name, name) != 0)
            continue;
        if (dladdr(*(void **)(self->l_addr + relocation[i].r_offset), &info) && info.dli_fname)
            return info.dli_fname;
    }
    return "?";
}

__attribute__((constructor)) static void record(void)
{
    const char *path = getenv("COMPAT_WITNESS");
    char exe[600], line[4000];
    ssize_t length;
    int fd;

    if (!path || (fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)) < 0)
        return;
    length = readlink("/proc/self/exe", exe, sizeof exe - 1);
    exe[length > 0 ? length : 0] = 0;
    length = snprintf(line, sizeof line, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", getpid(), exe, server("malloc"),
                      server("free"), server("calloc"), server("realloc"), server("posix_memalign"),
                      server("malloc_usable_size"));
    if (length > 0 && length < (ssize_t)sizeof line && write(fd, line, (size_t)length) < 0)
        length = 0;
    close(fd);
}
