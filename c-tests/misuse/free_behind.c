// The address behind the last block that was handed out.
#include "misuse.h"

int main(void) {
    void *p = hide(malloc(42));
    fill(p, 42, 1);
    misuse(at(p, (ptrdiff_t)malloc_usable_size(p)), p);
    free(at(p, (ptrdiff_t)malloc_usable_size(p)));
    went_on();
    CHECK(holds(p, 42, 1));
    free(p);
    return alive();
}
