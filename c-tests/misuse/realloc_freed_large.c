// realloc of a LARGE block that was freed before.
#include "misuse.h"

int main(void) {
    void *p = hide(malloc(1 << 20));
    free(p);
    misuse(hide(p), p);
    DECLINED(realloc(hide(p), 2 << 20));
    return alive();
}
