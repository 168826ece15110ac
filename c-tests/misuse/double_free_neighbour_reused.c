// A block freed again after its neighbour was freed and handed out once more.
#include "misuse.h"

int main(void) {
    void *q = hide(malloc(42)), *p = hide(malloc(42)), *keep = hide(malloc(42));
    free(p);
    free(q); // lower and last: what nearly every allocator hands out first
    void *again = hide(malloc(42));
    if (again == p) skip("the block itself was handed out");
    misuse(p, p);
    free(hide(p));
    went_on();
    free(again);
    free(keep);
    return alive();
}
