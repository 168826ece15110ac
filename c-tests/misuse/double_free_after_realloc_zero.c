// realloc(p, 0) frees the block, then it is freed again.
#include "misuse.h"

int main(void) {
    void *p = hide(malloc(42));
    misuse(p, p);
    CHECK(realloc(p, 0) == NULL);
    free(hide(p));
    return alive();
}
