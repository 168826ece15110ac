// A LARGE block grows from 16 MiB to 128 MiB with its content, and shrinks back; mremap moves pages instead of copying
// them, so growing a block that is full costs no page faults for the pages it already has.
#include "pages.h"

#define M ((size_t)1 << 20)

int main(void) {
    size_t *p = malloc(64 * M);
    CHECK(p != NULL);
    for (size_t i = 0; i < 64 * M / sizeof *p; i++) p[i] = i * 31 + 7;
    size_t before = faults();
    p = realloc(p, 256 * M);
    CHECK(p != NULL && aligned(p, 16));
    CHECK(faults() - before < 1000); // copying would fault in 16384 pages of 4 KiB, 1024 of 64 KiB
    for (size_t i = 0; i < 64 * M / sizeof *p; i++) CHECK(p[i] == i * 31 + 7);
    p[256 * M / sizeof *p - 1] = 1;
    p = realloc(p, 16 * M);
    CHECK(p != NULL);
    for (size_t i = 0; i < 16 * M / sizeof *p; i++) CHECK(p[i] == i * 31 + 7);
    p = realloc(p, 100);
    CHECK(p != NULL && p[12] == 12 * 31 + 7);
    free(p);
    return 0;
}
