// mallopt(M_MMAP_THRESHOLD, 1025) does at run time what the option does; earlier blocks stay what they are.
// glibc: no, it counts its header
#include "show.h"
#include "syscalls.h"

static void take_and_give(void) {
    CHECK(mallopt(M_MMAP_THRESHOLD, 1025) == 1);
    free(hide(malloc(5000)));
    getppid();
    for (int i = 0; i < 10; i++) {
        char *p = hide(malloc(5000));
        p[0] = p[4999] = 1;
        free(p);
    }
    getppid();
}

int main(void) {
    struct calls calls = count_calls(take_and_give);
    CHECK(calls.mmap == 10 && calls.munmap == 10);
    void *early = hide(malloc(5000));
    fill(early, 5000, 1);
    CHECK(mallopt(M_MMAP_THRESHOLD, 1025) == 1);
    void *late = hide(malloc(5000));
    const char *text = show_text();
    CHECK(lists(text, early, 5000) && lists(text, late, 5000) && strstr(text, "MEDIUM : ") && strstr(text, "LARGE : "));
    CHECK(mallopt(M_MMAP_THRESHOLD, 32769) == 1);
    free(late);
    early = realloc(early, 9000);
    CHECK(early != NULL && holds(early, 5000, 1));
    free(early);
    return 0;
}
