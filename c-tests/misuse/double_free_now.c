// The same block freed twice in a row.
#include "misuse.h"

int main(void) {
    void *p = hide(malloc(42));
    misuse(p, p);
    free(p);
    free(hide(p));
    went_on();
    void *a = hide(malloc(42)), *b = hide(malloc(42));
    CHECK(a != b); // a free list that held the block twice would give it out twice
    free(a);
    free(b);
    return alive();
}
