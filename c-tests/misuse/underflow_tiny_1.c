// One byte written before a TINY block.
#include "blocks.h"

int main(void) {
    return underflow(TINY, 1);
}
