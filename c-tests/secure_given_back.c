// In the hardened mode what is written to a freed block is found even after its zone has been given back and cut anew;
// and pointers into the guard before a zone are told as such.
// glibc: no, the options are the library's
// emulator: no, it starts itself again
#include "again.h"

enum { COUNT = 6000, SIZE = 1000 };
static volatile char *block[COUNT];

static void take_all(void) {
    for (int i = 0; i < COUNT; i++) CHECK((block[i] = hide(malloc(SIZE))) != NULL);
}

// Nearly all zones of these blocks go back: what another size frees pushes the last ones out of quarantine.
static void drop_all(void) {
    for (int i = 0; i < COUNT; i++) free(hide((void *)block[i]));
    for (int i = 0; i < 3000; i++) free(hide(malloc(40)));
}

static int misuse(char kind) {
    if (kind == 'g') {
        // Downwards from where a granule starts, and so a zone or a guard ends.
        static const size_t sizes[] = {8, 24, 40, 56, 120, 1000, 5000, 20000};
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            char *p = hide(malloc(sizes[i]));
            uintptr_t start = address(p) & ~(uintptr_t)0xffff;
            free((void *)(start - 1));
            for (uintptr_t step = 16; step <= 2048; step += 16) free((void *)(start - step));
            for (uintptr_t step = 16; step <= 2048; step += 16) free((void *)(start - step + 1));
            free(p);
        }
        return 0;
    }
    take_all();
    drop_all();
    // A correct program sees nothing of it, whatever takes the place.
    if (kind == 'n') {
        for (int i = 0; i < 200; i++) free(hide(malloc(30000)));
        take_all();
        drop_all();
        for (int i = 0; i < 2000; i++) CHECK(hide(malloc(100)) != NULL);
        return 0;
    }
    // By the kernel, which refuses what would fault: some places are guards by now.
    const int file = open("/proc/self/exe", O_RDONLY);
    CHECK(file >= 0);
    for (int i = 0; i < COUNT; i++) CHECK(pread(file, hide((void *)block[i]), 1, 0) == 1 || errno == EFAULT);
    for (int i = 0; i < 3 * COUNT; i++) CHECK(hide(malloc(SIZE)) != NULL);
    return 0;
}

static int lines_with(const char *text, const char *what) {
    int lines = 0;
    for (; (text = strstr(text, what)) != NULL; text++) lines++;
    return lines;
}

int main(int argc, char **argv) {
    static char text[4 << 20];
    if (argc == 3) return misuse(argv[2][0]);
    int status = run_again_as(argv[0], "secure,on_error=warn", "written", text, sizeof text);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    // Not all: what lies under guards of the new zones is never handed out, and a part still waits.
    CHECK(lines_with(text, "write to a free 1024-byte block") > COUNT / 4);
    status = run_again_as(argv[0], "secure", "nothing", text, sizeof text);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0 && text[0] == '\0');
    status = run_again_as(argv[0], "secure,on_error=warn", "guard", text, sizeof text);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(lines_with(text, "ft_malloc: free(0x") == 8 * 257);
    return 0;
}
