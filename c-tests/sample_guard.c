// sample_guard: each kind of misuse of a sampled block is named, with its stacks, and the program ends as it would have.
// glibc: no, the options are the library's
// emulator: no, it starts itself again
#include "again.h"
#include <signal.h>

static void *take(size_t size) { return hide(malloc(size)); }

// Two blocks with a guard between them: the first one's page, and the second block.
static volatile char *neighbours(char free_first, char free_second, void **second) {
    void *first = take(100);
    volatile char *page = (volatile char *)(address(first) & ~(uintptr_t)4095);
    *second = take(90);
    CHECK((address(*second) & ~(uintptr_t)4095) == address((void *)page) + 8192);
    if (free_first) free(first);
    if (free_second) free(*second);
    return page;
}

// One of a slot that another block had before, and everybody else's meanwhile.
static volatile char *reused(void) {
    void *first = take(100);
    free(first);
    for (int i = 0; i < 255; i++) free(take(100));
    volatile char *p = take(100);
    CHECK(address((void *)p) / 4096 == address(first) / 4096);
    return p;
}

static int misuse(char kind) {
    void *second;
    switch (kind) {
        case '1': return neighbours(0, 0, &second)[4096];    // between two blocks, nearer to the first one
        case '2': return neighbours(0, 0, &second)[8191];    // nearer to the second one
        case '3': return neighbours(1, 0, &second)[4096];    // nearer to one that was freed
        case '4': return neighbours(0, 1, &second)[8191];
        case 'k': free((void *)(reused() + 16)); return 0;
        case 'a': { volatile char *p = aligned_alloc(64, 100); CHECK(aligned((void *)p, 64)); free((void *)p); return p[7]; }
        case 'c': { volatile char *p = hide(calloc(10, 10)); free((void *)p); return p[7]; }
    }
    volatile char *p = take(100), *page = (volatile char *)(address((void *)p) & ~(uintptr_t)4095);
    switch (kind) {
        case 'u': free((void *)p); return p[7];              // use after free
        case 'o': page[4096] = 1; return 0;                  // overflow into the guard
        case 'n': return page[-1];                           // underflow into the guard
        case 's': p[100] ^= 1; free((void *)p); return 0;    // overflow into the rest of the page
        case 'b': if (p == page) p[101] ^= 1; else p[-1] ^= 1; free((void *)p); return 0;
        case 'd': free((void *)p); free(hide((void *)p)); return 0;
        case 'i': free(hide((char *)p + 16)); return 0;
        case 'r': free((void *)p); return realloc(hide((void *)p), 5) != NULL;
        default: return 1;
    }
}

static const struct { char kind; const char *says, *says_too; int by_signal; const char *says_not; } cases[] = {
    {'u', "use after free, 7 bytes into a freed 100-byte block at 0x", "freed by", SIGSEGV, NULL},
    {'a', "use after free, 7 bytes into a freed 100-byte block at 0x", "freed by", SIGSEGV, NULL},
    {'c', "use after free, 7 bytes into a freed 100-byte block at 0x", "freed by", SIGSEGV, NULL},
    {'1', "overflow, ", " bytes behind a 100-byte block at 0x", SIGSEGV, "freed by"},
    {'2', "underflow, ", " bytes before a 90-byte block at 0x", SIGSEGV, "freed by"},
    {'3', "underflow, ", " bytes before a 90-byte block at 0x", SIGSEGV, "freed by"},
    {'4', "overflow, ", " bytes behind a 100-byte block at 0x", SIGSEGV, "freed by"},
    {'k', "interior pointer, 16 bytes into the 100-byte block at 0x", "allocated by", 0, "freed by"},
    {'o', "overflow, ", " bytes behind a 100-byte block at 0x", SIGSEGV, NULL},
    {'n', "underflow, ", " bytes before a 100-byte block at 0x", SIGSEGV, NULL},
    {'s', "): overflow, memory behind the 100-byte block was written (TINY)", "allocated by", 0, NULL},
    {'b', "flow, memory be", "allocated by", 0, NULL},
    {'d', "): double free of a 100-byte block (sampled)", "freed by", 0, NULL},
    {'i', "interior pointer, 16 bytes into the 100-byte block at 0x", "allocated by", 0, NULL},
    {'r', "): freed pointer, the 100-byte block was freed before (sampled)", "freed by", 0, NULL},
};

int main(int argc, char **argv) {
    (void)argv;
    if (argc > 1) return misuse(*getenv("KIND"));
    static char text[20000];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char kind[2] = {cases[i].kind, 0};
        setenv("KIND", kind, 1);
        for (int seed = 1; seed < 6; seed++) {
            char options[100];
            snprintf(options, sizeof options, "sample_guard=1,seed=%d", seed);
            int status = run_again("/proc/self/exe", options, text, sizeof text);
            if (cases[i].by_signal) CHECK(WIFSIGNALED(status) && WTERMSIG(status) == cases[i].by_signal);
            else CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
            CHECK(strstr(text, cases[i].says) && strstr(text, cases[i].says_too));
            CHECK(!strstr(text, "allocated by 0x"));
            CHECK(!cases[i].says_not || !strstr(text, cases[i].says_not));
            // Our frames are this program's: the debug library has some of its own before them.
            if (strcmp(getenv("C_TESTS_BUILD"), "release") == 0) CHECK(strstr(text, "allocated by sample_guard."));
            // From the start of the file.
            const char *offset = strchr(strstr(text, "allocated by "), '+');
            CHECK(offset && strtoul(offset + 1, NULL, 16) < 64 << 20);
            snprintf(options, sizeof options, "sample_guard=1,seed=%d,on_error=ignore", seed);
            status = run_again("/proc/self/exe", options, text, sizeof text);
            CHECK(*text == '\0' && WIFSIGNALED(status) == (cases[i].by_signal != 0));
        }
    }
    return 0;
}
