// reallocarray of a block that was freed before.
#include "misuse.h"

int main(void) {
    void *keep = hide(malloc(42)), *p = hide(malloc(42));
    free(p);
    misuse(p, p);
    DECLINED(reallocarray(hide(p), 10, 10));
    free(keep);
    return alive();
}
