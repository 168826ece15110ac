// reallocarray of a block that was freed before.
#include "misuse.h"

int main(void) {
    void *keep = hide(malloc(42)), *p = hide(malloc(42));
    free(p);
    misuse(p, p);
    REFUSED(reallocarray(hide(p), 10, 10), EINVAL);
    free(keep);
    return alive();
}
