// Where the kernel refuses to protect memory, malloc(0) gives usable memory; where it refuses to make it accessible
// again, that memory never serves as usable one.
// mode: preload link
// emulator: no, it filters system calls of this machine
// glibc: no, it protects nothing
#include "refuse.h"
#include <sys/mman.h>

enum { COUNT = 10000 };
static void *block[COUNT];

static void no_protection(void) {
    refuse(SYS_mprotect, PROT_NONE, ENOMEM);
    for (int i = 0; i < COUNT; i++) CHECK((block[i] = malloc(0)) != NULL);
    void *p = hide(aligned_alloc(64, 0));
    CHECK(p && aligned(p, 64));
    for (int i = 0; i < COUNT; i++) {
        CHECK(i == 0 || block[i] != block[i - 1]);
        memset(hide(block[i]), 1, malloc_usable_size(block[i]));
        free(block[i]);
    }
    free(p);
}

static void no_way_back(void) {
    for (int i = 0; i < COUNT; i++) CHECK((block[i] = malloc(0)) != NULL);
    void *p = hide(aligned_alloc(64, 0));
    // What comes from now on must fit into what is accessible already.
    for (int i = 0; i < 2000; i++) free(malloc(100));
    refuse(SYS_mprotect, PROT_READ | PROT_WRITE, ENOMEM);
    for (int i = 0; i < COUNT; i++) free(block[i]);
    free(p);
    malloc_trim(0);
    for (int i = 0; i < COUNT; i++) {
        block[i] = malloc(64);
        if (block[i]) fill(block[i], 64, (size_t)i);
    }
    for (int i = 0; i < COUNT; i++) {
        CHECK(block[i] == NULL || holds(block[i], 64, (size_t)i));
        free(block[i]);
    }
    // It serves such requests again, however often.
    uintptr_t low = UINTPTR_MAX, high = 0;
    for (int round = 0; round < 60; round++) {
        for (int i = 0; i < COUNT; i++) {
            CHECK((block[i] = malloc(0)) != NULL);
            if (round < 3 && address(block[i]) < low) low = address(block[i]);
            if (round < 3 && address(block[i]) > high) high = address(block[i]);
        }
        CHECK(address(block[COUNT - 1]) / 65536 >= low / 65536 && address(block[COUNT - 1]) / 65536 <= high / 65536);
        for (int i = 0; i < COUNT; i++) free(block[i]);
    }
}

int main(void) {
    in_child(no_protection);
    in_child(no_way_back);
    return 0;
}
