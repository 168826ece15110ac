// Freed LARGE memory goes back to the system: many blocks in turn do not add up, and idle memory stays bounded.
#include "check.h"

#define M ((size_t)1 << 20)

int main(void) {
    size_t before = resident();
    for (int i = 0; i < 20; i++) {
        char *p = malloc(50 * M);
        CHECK(p != NULL);
        memset(p, 1, 50 * M / 10);
        free(p);
    }
    static char *p[100];
    for (int i = 0; i < 100; i++) CHECK((p[i] = malloc(2 * M)) != NULL && memset(p[i], 1, 2 * M));
    CHECK(resident() > before + 200 * M);
    for (int i = 0; i < 100; i++) free(p[i]);
    CHECK(resident() < before + 40 * M); // the bound is about 32 MiB
    return 0;
}
