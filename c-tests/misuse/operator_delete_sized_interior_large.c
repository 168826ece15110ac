// C++ operator delete with a size of a pointer to the middle of a LARGE block.
// libs: -Wl,--no-as-needed -lstdc++
#include "bad.h"

int main(void) {
    return inside(DELETE_SIZED, 1 << 20, 4096);
}
