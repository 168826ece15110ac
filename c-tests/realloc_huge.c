// A block that grew a few times grows on in huge pages: that was full, so this will be. What it is not filled with stays
// out, to within a huge page.
// emulator: no, pages and page faults are its own
#include "pages.h"

#define M ((size_t)1 << 20)

int main(void) {
    const int measured = OURS && huge_pages();
    const size_t empty = resident();
    size_t bytes = 5 * M, came = 0;
    char *p = malloc(bytes);
    CHECK(p != NULL);
    memset(p, 1, bytes);
    while (bytes < 300 * M) {
        const size_t more = bytes / 2;
        CHECK((p = realloc(p, bytes + more)) != NULL);
        const size_t before = faults();
        memset(p + bytes, 1, more);
        came = faults() - before;
        bytes += more;
    }
    for (size_t i = 0; i < bytes; i += 1000) CHECK(p[i] == 1);
    CHECK(!measured || came < bytes / 3 / 4096 / 10);
    CHECK((p = realloc(p, 2 * bytes)) != NULL);
    p[bytes + M] = 1;
    CHECK(resident() < empty + bytes + 8 * M);
    free(p);
    if (OURS && !measured) skip("the machine gives no huge pages: only the content was tested");
    return 0;
}
