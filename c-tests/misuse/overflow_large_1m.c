// 1 MiB written behind a LARGE block.
#include "blocks.h"

int main(void) {
    return overflow(LARGE, MIB);
}
