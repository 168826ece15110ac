// malloc_usable_size of NULL + 1.
#include "misuse.h"

int main(void) {
    void *p = hide((void *)1);
    misuse(p, p);
    const size_t size = malloc_usable_size(p);
    went_on();
    CHECK(!OURS || size == 0);
    return alive();
}
