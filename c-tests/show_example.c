// The blocks of the listing that the header's documentation shows: 42, 840, 3725 and 48847 bytes, one of each class.
// glibc: no, it has no show_alloc_mem
#include "show.h"

int main(void) {
    static const size_t size[4] = {42, 840, 3725, 48847};
    void *p[4];
    for (int i = 0; i < 4; i++) CHECK((p[i] = malloc(size[i])) != NULL);
    const char *text = show_text();
    struct listing seen = check_show(text);
    for (int i = 0; i < 4; i++) CHECK(lists(text, p[i], size[i]) && seen.of_class[i] >= 1);
    return 0;
}
