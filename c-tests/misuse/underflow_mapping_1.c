// One byte written before a LARGE block with a mapping of its own.
#include "blocks.h"

int main(void) {
    return underflow(MAPPING, 1);
}
