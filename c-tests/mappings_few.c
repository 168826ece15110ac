// A large heap of small blocks is a few mappings of the kernel's, which allows each process some 65,000.
#include "check.h"

int main(void) {
    const size_t before = mappings();
    for (int i = 0; i < 3000000; i++) {
        char *p = malloc(100);
        CHECK(p != NULL);
        *p = 1;
    }
    // Two for each of five or six arenas, and metadata.
    const size_t now = mappings();
    if (now > before + 24) fprintf(stderr, "%zu mappings, %zu before\n", now, before);
    CHECK(now <= before + 24);
    return 0;
}
