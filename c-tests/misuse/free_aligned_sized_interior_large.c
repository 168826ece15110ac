// free_aligned_sized of a pointer to the middle of a LARGE block.
// libs: -Wl,--no-as-needed -lstdc++
#include "bad.h"

int main(void) {
    return inside(FREE_ALIGNED_SIZED, 1 << 20, 4096);
}
