// What does nothing does nothing: free(NULL), realloc of NULL to 0 gives a block, usable size of NULL.
// mode: preload link static
#include "check.h"

int main(void) {
    for (int i = 0; i < 100; i++) free(NULL);
    void *p = hide(realloc(NULL, 0));
    CHECK(p != NULL && malloc_usable_size(NULL) == 0);
    free(p);
    free(reallocarray(NULL, 0, 5));
    return 0;
}
