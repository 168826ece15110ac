// Pages of a LARGE block with a mapping of its own that the program protected and then forgot, one or all: free does not trip over them, and
// whoever gets them next can write to them.
#include "check.h"
#include <sys/mman.h>

int main(void) {
    const size_t size = 16 << 20, page = (size_t)sysconf(_SC_PAGESIZE);
    for (int round = 0; round < 4; round++) {
        char *p = aligned_alloc(page, size);
        CHECK(p != NULL);
        memset(p, round, size);
        // First all of a block whose memory is new: its end looks at that.
        const int protection = round % 2 == 0 ? PROT_NONE : PROT_READ;
        CHECK(mprotect(round < 2 ? p : p + size / 2, round < 2 ? size : page, protection) == 0);
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
