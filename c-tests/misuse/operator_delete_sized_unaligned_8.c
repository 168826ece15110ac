// C++ operator delete with a size of a pointer eight bytes into a block.
// libs: -Wl,--no-as-needed -lstdc++
#include "bad.h"

int main(void) {
    return inside(DELETE_SIZED, 42, 8);
}
