// A second free after other blocks of the zone came and went; its neighbours are still live.
#include "misuse.h"

int main(void) {
    void *p[100];
    for (int i = 0; i < 100; i++) fill(p[i] = hide(malloc(42)), 42, (size_t)i);
    free(p[50]);
    for (int i = 0; i < 100; i += 10) if (i != 50) free(p[i]);
    for (int i = 0; i < 1000; i++) free(hide(malloc(300)));
    misuse(p[50], p[50]);
    free(hide(p[50]));
    went_on();
    for (int i = 0; i < 100; i++) {
        if (i % 10 == 0) continue;
        CHECK(holds(p[i], 42, (size_t)i));
        free(p[i]);
    }
    return alive();
}
