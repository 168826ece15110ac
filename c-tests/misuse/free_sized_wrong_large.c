// free_sized of a LARGE block with a size that was never asked for.
#include "misuse.h"

int main(void) {
    NEEDS(free_sized);
    void *p = hide(malloc(100000));
    fill(p, 100000, 1);
    misuse(p, p);
    free_sized(p, 65000);
    went_on();
    still_live(p, 100000, 1);
    return alive();
}
