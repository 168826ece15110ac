// realloc of a pointer eight bytes into a block.
// libs: -Wl,--no-as-needed -lstdc++
#include "bad.h"

int main(void) {
    return inside(REALLOC, 42, 8);
}
