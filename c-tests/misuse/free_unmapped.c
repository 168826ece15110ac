// Memory that was mapped once and is not any more.
#include "misuse.h"

static void *gone(void) {
    void *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    CHECK(munmap(p, 1 << 20) == 0);
    return p;
}

int main(void) {
    void *p = hide(gone());
    misuse(p, p);
    free(p);
    went_on();
    return alive();
}
