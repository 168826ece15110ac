// C++ operator delete with a size of a pointer to the middle of a MEDIUM block.
// libs: -Wl,--no-as-needed -lstdc++
#include "bad.h"

int main(void) {
    return inside(DELETE_SIZED, 20480, 4096);
}
