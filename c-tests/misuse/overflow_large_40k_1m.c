// 1 MiB written behind a LARGE block of 40 KiB.
#include "blocks.h"

int main(void) {
    return overflow(40 << 10, MIB);
}
