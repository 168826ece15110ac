// One byte written behind a SMALL block.
#include "blocks.h"

int main(void) {
    return overflow(SMALL, 1);
}
