// malloc_usable_size of a pointer eight bytes into a block.
// libs: -Wl,--no-as-needed -lstdc++
#include "bad.h"

int main(void) {
    return inside(USABLE_SIZE, 42, 8);
}
