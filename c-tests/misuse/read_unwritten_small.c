// A SMALL block read before anything is written to it: what was there before must not be seen.
#include "blocks.h"

int main(void) {
    return read_unwritten(SMALL);
}
