// Of 200 MB in small blocks one block in a hundred survives: without any further call no more stays resident than half
// as much again as the survivors' pages. What survives keeps its content, and the holes serve again.
// glibc: no, holes go back on malloc_trim only
#include "check.h"

enum { COUNT = 1000000, SIZE = 200 };
static unsigned char *p[COUNT];

static int survives(int i) { return (i * 7919ll) % 100 == 0; }

static void take(int i) {
    CHECK((p[i] = malloc(SIZE)) != NULL);
    fill(p[i], SIZE, (size_t)i);
}

int main(void) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), before = resident();
    size_t pages = 0;
    uintptr_t last = 0;
    for (int i = 0; i < COUNT; i++) take(i);
    size_t full = resident();
    for (int i = 0; i < COUNT; i++) {
        if (!survives(i)) {
            free(p[i]);
            continue;
        }
        pages += address(p[i]) / page != last;
        last = address(p[i]) / page;
    }
    CHECK(full - before > (200u << 20));
    CHECK(resident() - before < pages * page * 3 / 2 + (16u << 20)); // p itself, and the metadata
    for (int i = 0; i < COUNT; i++) {
        if (survives(i)) CHECK(holds(p[i], SIZE, (size_t)i));
        else take(i);
    }
    for (int i = 0; i < COUNT; i++) CHECK(holds(p[i], SIZE, (size_t)i));
    return 0;
}
