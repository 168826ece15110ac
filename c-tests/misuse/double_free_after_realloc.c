// realloc moved the block, then the old pointer is freed.
#include "misuse.h"

int main(void) {
    void *p = hide(malloc(42)), *keep = hide(malloc(42)), *q = hide(realloc(p, 5000));
    CHECK(q != NULL && q != p);
    fill(q, 5000, 1);
    misuse(p, p);
    free(hide(p));
    went_on();
    CHECK(holds(q, 5000, 1));
    free(q);
    free(keep);
    return alive();
}
