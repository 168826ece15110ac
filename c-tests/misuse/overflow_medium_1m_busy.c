// 1 MiB written behind a MEDIUM block in the midst of a heap of 96 MiB.
#include "blocks.h"

int main(void) {
    return overflow_in_the_midst(MEDIUM, MIB, 96 * MIB);
}
