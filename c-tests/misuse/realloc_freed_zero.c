// realloc(p, 0) of a block that was freed before.
#include "misuse.h"

int main(void) {
    void *keep = hide(malloc(42)), *p = hide(malloc(42));
    free(p);
    misuse(hide(p), p);
    DECLINED(realloc(hide(p), 0));
    free(keep);
    return alive();
}
