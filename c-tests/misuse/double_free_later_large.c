// A LARGE block freed again after other blocks came and went.
#include "misuse.h"

int main(void) {
    void *keep = hide(malloc(1 << 20)), *p = hide(malloc(1 << 20));
    free(p);
    for (int i = 0; i < 1000; i++) free(hide(malloc(300)));
    misuse(p, p);
    free(hide(p));
    went_on();
    free(keep);
    return alive();
}
