// malloc_usable_size of the address of a local variable.
#include "misuse.h"

int main(void) {
    char local[64] __attribute__((aligned(16)));
    misuse(local, local);
    const size_t size = malloc_usable_size(hide(local));
    went_on();
    CHECK(!OURS || size == 0);
    return alive();
}
