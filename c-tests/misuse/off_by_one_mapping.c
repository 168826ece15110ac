// One byte written behind the size that was asked for, a LARGE block with a mapping of its own.
#include "blocks.h"

int main(void) {
    return off_by_one(MAPPING - 100);
}
