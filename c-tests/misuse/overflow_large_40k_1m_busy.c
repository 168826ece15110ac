// 1 MiB written behind a LARGE block of 40 KiB in the midst of a heap of 96 MiB.
#include "blocks.h"

int main(void) {
    return overflow_in_the_midst(40 << 10, MIB, 96 * MIB);
}
