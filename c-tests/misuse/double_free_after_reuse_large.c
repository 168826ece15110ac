// The same with a LARGE block.
#include "misuse.h"

int main(void) {
    void *keep = hide(malloc(1 << 20)), *p = hide(malloc(1 << 20)), *q[4];
    free(p);
    for (int i = 0; i < 4; i++) q[i] = hide(malloc(1 << 20));
    misuse(p, p);
    free(hide(p));
    went_on();
    for (int i = 0; i < 4; i++) free(q[i]);
    free(keep);
    return alive();
}
