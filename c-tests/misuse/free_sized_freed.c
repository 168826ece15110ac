// free_sized of a block that was freed before.
#include "misuse.h"

int main(void) {
    void *keep = hide(malloc(42)), *p = hide(malloc(42));
    free_sized(p, 42);
    misuse(p, p);
    free_sized(hide(p), 42);
    free(keep);
    return alive();
}
