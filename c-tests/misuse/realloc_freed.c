// realloc of a block that was freed before.
#include "misuse.h"

int main(void) {
    void *keep = hide(malloc(42)), *p = hide(malloc(42));
    free(p);
    misuse(hide(p), p);
    DECLINED(realloc(hide(p), 100));
    free(keep);
    return alive();
}
