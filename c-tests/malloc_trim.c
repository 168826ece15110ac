// malloc_trim(0) gives back what is free now, holes in used zones included, and says whether it gave anything.
#include "check.h"

enum { COUNT = 8000, SIZE = 4000 };
static void *p[COUNT];

static void take(void) {
    for (int i = 0; i < COUNT; i++) {
        if (!p[i]) CHECK((p[i] = malloc(SIZE)) != NULL);
        fill(p[i], SIZE, (size_t)i);
    }
}

int main(void) {
    size_t empty = resident();
    take();
    for (int i = 0; i < COUNT; i++) { free(p[i]); p[i] = NULL; }
    CHECK(malloc_trim(0) == 1);
    CHECK(resident() < empty + (6u << 20));
    if (OURS) CHECK(malloc_trim(0) == 0); // nothing left to give; glibc does not keep account
    take();
    for (int i = 0; i < COUNT; i++) if (i % 64 != 0) { free(p[i]); p[i] = NULL; }
    CHECK(malloc_trim(0) == 1);
    CHECK(resident() < empty + (10u << 20)); // 32 MB were in use; 125 blocks are
    for (int i = 0; i < COUNT; i += 64) CHECK(holds(p[i], SIZE, (size_t)i));
    take();
    for (int i = 0; i < COUNT; i++) { CHECK(holds(p[i], SIZE, (size_t)i)); free(p[i]); }
    return 0;
}
