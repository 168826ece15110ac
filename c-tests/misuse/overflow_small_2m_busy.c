// 2 MiB written behind a SMALL block in the midst of a heap of 96 MiB, which has huge pages.
#include "blocks.h"

int main(void) {
    return overflow_in_the_midst(SMALL, 2 * MIB, 96 * MIB);
}
