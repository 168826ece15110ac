// The last eight bytes of a TINY block written to after it was freed: behind what free lists keep there.
#include "blocks.h"

int main(void) {
    return write_after_free(TINY, TINY - 8);
}
