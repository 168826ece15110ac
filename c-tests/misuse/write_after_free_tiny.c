// A TINY block written to after it was freed.
#include "blocks.h"

int main(void) {
    return write_after_free(TINY, 0);
}
