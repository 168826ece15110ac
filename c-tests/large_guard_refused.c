// A kernel without guard pages, one that refuses them, and one that no longer lets them go (a sandbox that came later): the
// heap works on, and all of every block can be used.
// mode: preload link
// emulator: no, it filters system calls of this machine
// glibc: no, it has no guards
#include "guards.h"
#include "refuse.h"

// Blocks of all sizes come, are resized and go; each is written to its last byte.
static void use(void) {
    static char *block[60];
    uint64_t state = 9;
    for (size_t i = 0; i < 3000; i++) {
        const size_t at = rnd(&state) % 60, size = 1 + rnd(&state) % (i % 10 == 0 ? 6 << 20 : i % 2 ? 1 << 20 : 30000);
        if (i % 3 == 0) free(block[at]);
        block[at] = hide(i % 3 == 0 ? malloc(size) : realloc(block[at], size));
        CHECK(block[at] != NULL);
        const size_t usable = malloc_usable_size(block[at]);
        CHECK(usable >= size);
        for (size_t byte = 0; byte < usable; byte += 4096) block[at][byte] = 1;
        block[at][usable - 1] = 1;
    }
    for (size_t i = 0; i < 60; i++) {
        free(block[i]);
        block[i] = NULL;
    }
}

static void never_there(void) {
    refuse(SYS_madvise, GUARD_INSTALL, EINVAL);
    use();
}
static void refused_later(void) {
    use();
    refuse(SYS_madvise, GUARD_INSTALL, EPERM);
    use();
}
static void staying(void) {
    use();
    refuse(SYS_madvise, GUARD_REMOVE, EPERM);
    use();
}

int main(void) {
    in_child(never_there);
    in_child(refused_later);
    in_child(staying);
    return 0;
}
