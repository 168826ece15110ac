// 32 bytes written before a MEDIUM block.
#include "blocks.h"

int main(void) {
    return underflow(MEDIUM, 32);
}
