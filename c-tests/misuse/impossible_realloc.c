// realloc to SIZE_MAX bytes: the block stays as it is.
#include "misuse.h"

int main(void) {
    void *p = hide(malloc(42));
    fill(p, 42, 1);
    misuse(NULL, NULL);
    IMPOSSIBLE(realloc(hide(p), unknown(SIZE_MAX)), ENOMEM);
    CHECK(holds(p, 42, 1));
    free(p);
    return alive();
}
