// malloc_usable_size of the last address there is.
#include "misuse.h"

int main(void) {
    void *p = hide((void *)-1);
    misuse(p, p);
    const size_t size = malloc_usable_size(p);
    went_on();
    CHECK(!OURS || size == 0);
    return alive();
}
