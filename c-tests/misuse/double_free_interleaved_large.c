// a, b, a with LARGE blocks.
#include "misuse.h"

int main(void) {
    void *keep = hide(malloc(1 << 20)), *a = hide(malloc(1 << 20)), *b = hide(malloc(1 << 20));
    misuse(a, a);
    free(a);
    free(b);
    free(hide(a));
    went_on();
    void *x = hide(malloc(1 << 20)), *y = hide(malloc(1 << 20)), *z = hide(malloc(1 << 20));
    CHECK(x != y && y != z && x != z);
    free(x);
    free(y);
    free(z);
    free(keep);
    return alive();
}
