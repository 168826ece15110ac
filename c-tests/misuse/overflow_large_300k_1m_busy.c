// 1 MiB written behind a LARGE block of 300 KiB in the midst of a heap of 96 MiB.
#include "blocks.h"

int main(void) {
    return overflow_in_the_midst(300 << 10, MIB, 96 * MIB);
}
