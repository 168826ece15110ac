// stats=1 prints malloc_stats to stderr at exit.
// glibc: no, the options are the library's
// emulator: no, it starts itself again
#include "again.h"

int main(int argc, char **argv) {
    (void)argv;
    if (argc > 1) return hide(malloc(1234567)) == NULL;
    static char text[20000];
    CHECK(run_again("/proc/self/exe", "stats=1", text, sizeof text) == 0);
    char *at = strstr(text, "requested");
    CHECK(at != NULL && strtoul(at + strcspn(at, "0123456789"), NULL, 10) >= 1234567);
    CHECK(run_again("/proc/self/exe", "stats=0", text, sizeof text) == 0 && text[0] == '\0');
    return 0;
}
