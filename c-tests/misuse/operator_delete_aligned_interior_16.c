// C++ operator delete with an alignment of a pointer 16 bytes into a block.
// libs: -Wl,--no-as-needed -lstdc++
#include "bad.h"

int main(void) {
    return inside(DELETE_ALIGNED, 192, 16);
}
