// 1 MiB written behind a LARGE block of 300 KiB.
#include "blocks.h"

int main(void) {
    return overflow(300 << 10, MIB);
}
