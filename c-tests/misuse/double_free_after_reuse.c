// A block freed again after it was handed out once more: the first free of its new owner's is then a double one.
#include "misuse.h"

int main(void) {
    void *keep = hide(malloc(42)), *p = hide(malloc(42)), *q[2000];
    free(p);
    for (int i = 0; i < 2000; i++) fill(q[i] = hide(malloc(42)), 42, (size_t)i);
    misuse(p, p);
    free(hide(p));
    went_on();
    for (int i = 0; i < 2000; i++) free(q[i]);
    free(keep);
    return alive();
}
