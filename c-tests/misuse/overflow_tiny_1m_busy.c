// 1 MiB written behind a TINY block in the midst of a heap of 6 MiB.
#include "blocks.h"

int main(void) {
    return overflow_in_the_midst(TINY, MIB, 6 * MIB);
}
