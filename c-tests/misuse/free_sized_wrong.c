// free_sized with a size that was never asked for.
#include "misuse.h"

int main(void) {
    NEEDS(free_sized);
    void *p = hide(malloc(42));
    fill(p, 42, 1);
    misuse(p, p);
    free_sized(p, 40);
    went_on();
    still_live(p, 42, 1);
    return alive();
}
