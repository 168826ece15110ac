// One byte written behind the size that was asked for, a MEDIUM block.
#include "blocks.h"

int main(void) {
    return off_by_one(8000);
}
