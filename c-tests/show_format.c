// show_alloc_mem: every line has its exact form, addresses increase, sizes are the requested ones, the sum is right.
// glibc: no, it has no show_alloc_mem
#include "show.h"

int main(void) {
    enum { COUNT = 2000 };
    static void *p[COUNT];
    static size_t size[COUNT];
    size_t of_class[4] = {0, 0, 0, 0};
    uint64_t state = 77;
    for (int i = 0; i < COUNT; i++) {
        size[i] = i < 1100 ? (size_t)i : rnd_size(&state, i % 20 == 0 ? 20 : 15);
        CHECK((p[i] = malloc(size[i])) != NULL);
        of_class[class_of(size[i])]++;
    }
    const char *first = show_text();
    struct listing all = check_show(first);
    for (int i = 0; i < COUNT; i++) CHECK(lists(first, p[i], size[i]));
    for (int i = 0; i < 4; i++) CHECK(all.of_class[i] >= of_class[i] && all.of_class[i] <= of_class[i] + 20);
    for (int i = 0; i < COUNT; i += 2) free(p[i]);
    for (int i = 101; i < COUNT; i += 200) CHECK((p[i] = realloc(p[i], size[i] = size[i] / 2 + 1)) != NULL);
    const char *second = show_text();
    struct listing half = check_show(second);
    CHECK(half.blocks + COUNT / 2 == all.blocks);
    for (int i = 1; i < COUNT; i += 2) CHECK(lists(second, p[i], size[i]));
    CHECK(strcmp(second, show_text()) == 0); // showing allocates nothing
    for (int i = 1; i < COUNT; i += 2) free(p[i]);
    CHECK(check_show(show_text()).blocks + COUNT == all.blocks);
    return 0;
}
