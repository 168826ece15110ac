// Freed small memory goes back to the system too: of 200 MB in small blocks, freed in another order, little stays.
// glibc: no, one live block at the top keeps the heap
#include "check.h"

int main(void) {
    enum { COUNT = 200000, SIZE = 1000 };
    static void *p[COUNT];
    size_t before = resident();
    for (int i = 0; i < COUNT; i++) CHECK((p[i] = malloc(SIZE)) != NULL && memset(p[i], 1, SIZE));
    void *top = hide(malloc(SIZE));
    for (int i = 0; i < COUNT; i++) free(p[(i * 7919ll) % COUNT]);
    CHECK(resident() < before + (48u << 20)); // about 32 MiB may stay, and the metadata
    free(top);
    return 0;
}
