// 1 MiB written behind a LARGE block of 64 KiB, which leaves no page for a guard, in the midst of a heap of 96 MiB.
#include "blocks.h"

int main(void) {
    return overflow_in_the_midst(64 << 10, MIB, 96 * MIB);
}
