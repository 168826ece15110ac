// 16 bytes before a block: where other allocators have a header.
#include "misuse.h"

int main(void) {
    void *p = hide(malloc(42));
    fill(p, 42, 1);
    misuse(at(p, -16), p);
    free(at(p, -16));
    went_on();
    CHECK(holds(p, 42, 1));
    free(p);
    return alive();
}
