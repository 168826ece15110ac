// A LARGE block with a mapping of its own written to after it was freed.
#include "blocks.h"

int main(void) {
    return write_after_free(MAPPING, 0);
}
