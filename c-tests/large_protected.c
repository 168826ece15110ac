// Pages of a LARGE block that the program protected and then forgot, one or all: free does not trip over them, and
// whoever gets them next can write to them.
#include "check.h"
#include <sys/mman.h>

int main(void) {
    const size_t size = 16 << 20, page = (size_t)sysconf(_SC_PAGESIZE);
    for (int round = 0; round < 4; round++) {
        char *p = aligned_alloc(page, size);
        CHECK(p != NULL);
        memset(p, round, size);
        const int protection = round % 2 == 0 ? PROT_READ : PROT_NONE;
        CHECK(mprotect(round < 2 ? p + size / 2 : p, round < 2 ? page : size, protection) == 0);
        free(p);
        // The same length, a shorter one, and a longer one.
        for (int i = 0; i < 3; i++) {
            size_t other = size / 2 * (size_t)(i + 1);
            char *q = malloc(other);
            CHECK(q != NULL);
            memset(q, i, other);
            free(q);
        }
    }
    return 0;
}
