// One byte written behind a MEDIUM block.
#include "blocks.h"

int main(void) {
    return overflow(MEDIUM, 1);
}
