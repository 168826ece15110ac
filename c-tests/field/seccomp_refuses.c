// The system says ENOMEM to everything from some moment on: allocation gives NULL and ENOMEM or memory that is there,
// live blocks keep their contents, free works, nothing crashes (mimalloc#865, rpmalloc 2.0.1). One child per system call.
#include "../refuse.h"

enum { COUNT = 400 };
static void *p[COUNT];
static size_t size[COUNT];

static void use(uint64_t state) {
    const int rounds = (int)times(4000, 20000);
    for (int i = 0; i < rounds; i++) {
        size_t slot = rnd(&state) % COUNT, want = rnd_size(&state, i % 20 == 0 ? 24 : 16);
        CHECK(p[slot] == NULL || holds(p[slot], size[slot], slot));
        errno = 0;
        void *next = i % 3 == 0 ? malloc(want) : i % 3 == 1 ? calloc(1, want) : realloc(p[slot], want + 1);
        CHECK(next != NULL || errno == ENOMEM);
        if (!next) continue;
        if (i % 3 == 1) CHECK(all_bytes(next, want, 0));
        if (i % 3 != 2) { errno = 3; free(p[slot]); CHECK(errno == 3); }
        p[slot] = next;
        fill(next, size[slot] = want, slot);
    }
}

static unsigned number;
static void refused(void) {
    use(1 + number);
    refuse(number, WHATEVER, ENOMEM);
    use(2 + number);
    malloc_trim(0);
    use(3 + number);
    for (size_t slot = 0; slot < COUNT; slot++) free(p[slot]);
}

int main(void) {
    static const unsigned numbers[] = {SYS_mmap, SYS_munmap, SYS_mremap, SYS_madvise, SYS_mprotect};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        number = numbers[i];
        in_child(refused);
    }
    counted(5 * 3 * times(4000, 20000), "operations, a system call refused");
    return 0;
}
