// Memory given back in between does not split the heap into thousands of mappings, and neither do LARGE blocks.
#include "../check.h"

int main(void) {
    enum { COUNT = 20000 };
    static void *p[COUNT];
    size_t before = mappings();
    uint64_t state = 15;
    for (int i = 0; i < COUNT; i++) CHECK((p[i] = malloc(rnd_size(&state, 17) + 2000)) != NULL && memset(p[i], 1, 1000));
    for (int i = 0; i < COUNT; i++) if (i % 5 != 0) { free(p[i]); p[i] = NULL; }
    malloc_trim(0);
    CHECK(mappings() <= before + 100);
    for (int i = 0; i < COUNT; i++) if (!p[i]) CHECK((p[i] = malloc(50000)) != NULL);
    CHECK(mappings() <= before + 100);
    for (int i = 0; i < COUNT; i++) free(p[i]);
    return 0;
}
