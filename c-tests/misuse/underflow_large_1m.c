// 1 MiB written before a LARGE block.
#include "blocks.h"

int main(void) {
    return underflow(LARGE, MIB);
}
