// 1 MiB written behind a SMALL block in the midst of a heap of 6 MiB.
#include "blocks.h"

int main(void) {
    return overflow_in_the_midst(SMALL, MIB, 6 * MIB);
}
