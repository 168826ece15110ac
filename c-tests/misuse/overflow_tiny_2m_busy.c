// 2 MiB written behind a TINY block in the midst of a heap of 96 MiB, which has huge pages.
#include "blocks.h"

int main(void) {
    return overflow_in_the_midst(TINY, 2 * MIB, 96 * MIB);
}
