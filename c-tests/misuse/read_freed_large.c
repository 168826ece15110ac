// A LARGE block read after it was freed: what was there must not be seen.
#include "blocks.h"

int main(void) {
    return read_freed(LARGE);
}
