// malloc_usable_size of a pointer to the middle of a LARGE block.
// libs: -Wl,--no-as-needed -lstdc++
#include "bad.h"

int main(void) {
    return inside(USABLE_SIZE, 1 << 20, 4096);
}
