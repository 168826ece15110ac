// reallocarray of a product that overflows: the block stays as it is.
#include "misuse.h"

int main(void) {
    void *p = hide(malloc(42));
    fill(p, 42, 1);
    misuse(NULL, NULL);
    IMPOSSIBLE(reallocarray(hide(p), unknown(SIZE_MAX / 16 + 2), 16), ENOMEM);
    CHECK(holds(p, 42, 1));
    free(p);
    return alive();
}
