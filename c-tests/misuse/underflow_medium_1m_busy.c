// 1 MiB written before a MEDIUM block in the midst of a heap of 96 MiB.
#include "blocks.h"

int main(void) {
    return underflow_in_the_midst(MEDIUM, MIB, 96 * MIB);
}
