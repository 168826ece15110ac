// free leaves errno alone (POSIX 2024), whatever it has to do: all classes, mappings given back, NULL, many at once.
#include "check.h"

int main(void) {
    static void *p[5000];
    uint64_t state = 5;
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 5000; i++) {
            size_t size = i % 100 == 0 ? (size_t)1 << (16 + i / 100 % 10) : rnd_size(&state, 13);
            CHECK((p[i] = malloc(size)) != NULL);
        }
        for (int i = 0; i < 5000; i++) {
            errno = 1000 + i;
            free(p[i]);
            free(NULL);
            CHECK(errno == 1000 + i);
        }
    }
    return 0;
}
