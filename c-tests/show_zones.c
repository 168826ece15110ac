// TINY and SMALL zones hold at least 100 blocks, so 1000 equal blocks need at most 10 headers and a started one.
// glibc: no, it has no show_alloc_mem
#include "show.h"

int main(void) {
    static const size_t size[] = {16, 100, 128, 129, 300, 1000, 1024};
    for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
        size_t before = check_show(show_text()).zones;
        for (int k = 0; k < 1000; k++) CHECK(malloc(size[i]) != NULL);
        CHECK(check_show(show_text()).zones <= before + 11);
    }
    return 0;
}
