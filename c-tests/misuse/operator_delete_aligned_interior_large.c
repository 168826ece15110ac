// C++ operator delete with an alignment of a pointer to the middle of a LARGE block.
// libs: -Wl,--no-as-needed -lstdc++
#include "bad.h"

int main(void) {
    return inside(DELETE_ALIGNED, 1 << 20, 4096);
}
