// A LARGE block with a mapping of its own read after it was freed: what was there must not be seen.
#include "blocks.h"

int main(void) {
    return read_freed(MAPPING);
}
