// malloc_usable_size of the address of a local variable.
#include "misuse.h"

int main(void) {
    char local[64] __attribute__((aligned(16)));
    misuse(local, local);
    CHECK(malloc_usable_size(hide(local)) == 0);
    return alive();
}
