// Eight bytes written behind a LARGE block.
#include "blocks.h"

int main(void) {
    return overflow(LARGE, 8);
}
