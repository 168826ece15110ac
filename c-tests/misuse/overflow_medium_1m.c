// 1 MiB written behind a MEDIUM block.
#include "blocks.h"

int main(void) {
    return overflow(MEDIUM, MIB);
}
