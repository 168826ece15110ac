// 32 bytes written behind a LARGE block with a mapping of its own.
#include "blocks.h"

int main(void) {
    return overflow(MAPPING, 32);
}
