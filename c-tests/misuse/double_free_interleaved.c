// a, b, a: the pattern that turns a free list into a cycle.
#include "misuse.h"

int main(void) {
    void *a = hide(malloc(42)), *b = hide(malloc(42));
    misuse(a, a);
    free(a);
    free(b);
    free(hide(a));
    went_on();
    void *x = hide(malloc(42)), *y = hide(malloc(42)), *z = hide(malloc(42));
    CHECK(x != y && y != z && x != z);
    free(x);
    free(y);
    free(z);
    return alive();
}
