// Eight bytes written before a LARGE block.
#include "blocks.h"

int main(void) {
    return underflow(LARGE, 8);
}
