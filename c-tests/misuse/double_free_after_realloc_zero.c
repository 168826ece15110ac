// realloc(p, 0) frees the block, then it is freed again.
#include "misuse.h"

int main(void) {
    void *p = hide(malloc(42));
    misuse(p, p);
    if (hide(realloc(p, 0)) != NULL) skip("realloc(p, 0) gives a block here");
    free(hide(p));
    went_on();
    return alive();
}
