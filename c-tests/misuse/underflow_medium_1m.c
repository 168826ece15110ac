// 1 MiB written before a MEDIUM block.
#include "blocks.h"

int main(void) {
    return underflow(MEDIUM, MIB);
}
