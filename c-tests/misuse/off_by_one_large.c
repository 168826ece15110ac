// One byte written behind the size that was asked for, a LARGE block.
#include "blocks.h"

int main(void) {
    return off_by_one(MIB - 100);
}
