// help prints every option with its default and its effective value.
// glibc: no, the options are the library's
// emulator: no, it starts itself again
#include "again.h"

// The line of one option, and in it a value.
static int says(const char *text, const char *option, const char *value) {
    const char *at = strstr(text, option), *end = at ? strchr(at, '\n') : NULL, *found = at ? strstr(at, value) : NULL;
    return end && found && found < end;
}

int main(int argc, char **argv) {
    (void)argv;
    if (argc > 1) return 0;
    static char text[20000];
    CHECK(run_again("/proc/self/exe", "help,on_error=abort,mmap_threshold=5000,huge_pages=0", text, sizeof text) == 0);
    CHECK(says(text, "on_error", "warn") && says(text, "on_error", "abort"));
    CHECK(says(text, "mmap_threshold", "default") && says(text, "mmap_threshold", "5000"));
    CHECK(says(text, "huge_pages", "default 1") && says(text, "huge_pages", "now 0"));
    CHECK(says(text, "secure", "default 0") && says(text, "sample_guard", "default 0") && says(text, "seed", "default 0"));
    CHECK(says(text, "purge_delay", "") && says(text, "stats", "0") && says(text, "show", "0"));
    return 0;
}
