// 32 bytes written behind a TINY block.
#include "blocks.h"

int main(void) {
    return overflow(TINY, 32);
}
