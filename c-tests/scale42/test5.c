// show_alloc_mem lists exactly the five blocks this program has; it uses no stdio, which would have blocks too.
// glibc: no, it has no show_alloc_mem
#include "../show.h"

#define M (1024 * 1024)

int main(void) {
    static const size_t size[5] = {1024, 32 * 1024, M, 16 * M, 128 * M};
    void *block[5];
    for (int i = 0; i < 5; i++) CHECK((block[i] = hide(malloc(size[i]))) != NULL);
    const char *text = show_text();
    struct listing seen = check_show(text);
    for (int i = 0; i < 5; i++) CHECK(lists(text, block[i], size[i]));
    if (seen.blocks != 5) say(text);
    CHECK(seen.blocks == 5 && seen.bytes == 145 * M + 33 * 1024);
    CHECK(seen.of_class[1] == 1 && seen.of_class[2] == 1 && seen.of_class[3] == 3);
    return 0;
}
