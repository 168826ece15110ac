// free_sized with a size that was never asked for.
#include "misuse.h"

int main(void) {
    void *p = hide(malloc(42));
    fill(p, 42, 1);
    misuse(p, p);
    free_sized(p, 40);
    CHECK(holds(p, 42, 1)); // the call did nothing
    free(p);
    return alive();
}
