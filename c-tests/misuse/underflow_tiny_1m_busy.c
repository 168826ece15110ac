// 1 MiB written before a TINY block in the midst of a heap of 6 MiB.
#include "blocks.h"

int main(void) {
    return underflow_in_the_midst(TINY, MIB, 6 * MIB);
}
