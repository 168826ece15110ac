// Eight bytes written before a SMALL block.
#include "blocks.h"

int main(void) {
    return underflow(SMALL, 8);
}
