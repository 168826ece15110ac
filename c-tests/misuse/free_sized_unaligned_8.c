// free_sized of a pointer eight bytes into a block.
// libs: -Wl,--no-as-needed -lstdc++
#include "bad.h"

int main(void) {
    return inside(FREE_SIZED, 42, 8);
}
