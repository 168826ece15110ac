// free_aligned_sized of a pointer 16 bytes into a block.
// libs: -Wl,--no-as-needed -lstdc++
#include "bad.h"

int main(void) {
    return inside(FREE_ALIGNED_SIZED, 192, 16);
}
