// The hardened mode names or stops each misuse of a block of every kind, and ends the program.
// glibc: no, the options are the library's
// emulator: no, it starts itself again
#include "again.h"
#include <signal.h>

static volatile char *take(size_t size) {
    volatile char *p = hide(malloc(size));
    CHECK(p != NULL);
    return p;
}
static void drop(volatile char *p) { free(hide((void *)p)); }

// Blocks of this size until each freed one was handed out again.
static void again(size_t size) {
    static void *p[1000];
    size_t count = size > 1000 ? 100 : 1000;
    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < count; i++) p[i] = hide(malloc(size));
        for (size_t i = 0; i < count; i++) free(p[i]);
    }
}

static int misuse(char kind, size_t size) {
    volatile char *p = take(size);
    static volatile char *other[2048]; // no zone has more
    size_t half = size / 2, others = 0;
    switch (kind) {
        case '1': p[size] ^= 1; drop(p); return 0;              // overflow by one byte
        case '8': for (int i = 0; i < 8; i++) p[size + (size_t)i] = 0; drop(p); return 0;
        case 'u': // not the first block of a zone: before that one a guard would fault
            for (; address((void *)p) % 65536 < 32768; p = take(size)) other[others++] = p;
            p[-1] = 1;
            drop(p);
            while (others > 0) drop(other[--others]);
            again(size);
            return 0;
        case 's': p[size + 11] = 1; drop(p); return 0;          // overflow behind the canary
        case 'r': p[size + 1] ^= 1; free(realloc(hide((void *)p), size - 1)); return 0;
        case 'w': drop(p); p[half] = 1; again(size); return 0;  // write after free
        case 'd': // double free, later; what was in a zone is not known any more once the last block left it
            while (size <= 32760 && address((void *)take(size)) / 65536 != address((void *)p) / 65536) {}
            drop(p);
            again(100);
            drop(p);
            return 0;
        case 'i': drop(p + 16); return 0;
        case 'M': memset(hide((void *)p), 1, size + (1 << 20)); return 0;
        default: return 1;
    }
}

// What the library says, or the signal of a fault.
static const struct { char kind; const char *small, *large; } cases[] = {
    {'1', "overflow, memory behind the ", "overflow, memory behind the "},
    {'8', "overflow, memory behind the ", NULL},
    {'r', "realloc(0x", NULL},
    {'u', "ft_malloc: ", NULL}, // in the block before, whatever that is
    {'s', "overflow, memory behind the ", NULL},
    {'w', "write to a free ", NULL},
    {'d', "double free of a ", "double free of a "},
    {'i', "interior pointer, 16 bytes into the ", "interior pointer, 16 bytes into the "},
    {'M', NULL, NULL},
};

int main(int argc, char **argv) {
    (void)argv;
    if (argc > 1) return misuse(*getenv("KIND"), strtoul(getenv("SIZE"), NULL, 10));
    static char text[20000];
    static const size_t sizes[] = {20, 100, 1000, 9000, 32700, 40010, 3000010};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            char kind[2] = {cases[i].kind, 0}, size[30];
            snprintf(size, sizeof size, "%zu", sizes[s]);
            setenv("KIND", kind, 1);
            setenv("SIZE", size, 1);
            int is_large = sizes[s] > 32760;
            if (is_large && strchr("8rsu", *kind)) continue;
            int status = run_again("/proc/self/exe", "secure", text, sizeof text);
            const char *says = is_large ? cases[i].large : cases[i].small;
            const int is_said = says ? strstr(text, says) != NULL : *text == '\0';
            if (!is_said) fprintf(stderr, "kind %s, size %s: %s\n", kind, size, text);
            CHECK(WIFSIGNALED(status) && WTERMSIG(status) == (says ? SIGABRT : SIGSEGV));
            CHECK(is_said);
            status = run_again("/proc/self/exe", "secure,on_error=ignore", text, sizeof text);
            CHECK((says ? status == 0 : WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV) && !*text);
        }
    }
    return 0;
}
