// C++ operator delete with an alignment that the block does not have.
// libs: -Wl,--no-as-needed -lstdc++
#include "operators.h"

int main(void) {
    void *p = NULL, *kept[8];
    int count = 0;
    while (count < 8 && aligned(p = hide(operator_new_aligned(48, 16)), 4096)) kept[count++] = p;
    CHECK(!aligned(p, 4096)); // not all of them can be
    fill(p, 48, 1);
    misuse(p, p);
    operator_delete_aligned(p, 4096);
    went_on();
    still_live(p, 48, 1);
    while (count > 0) free(kept[--count]);
    return alive();
}
