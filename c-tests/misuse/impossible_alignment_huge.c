// memalign with an alignment of half the address space.
#include "misuse.h"

int main(void) {
    misuse(NULL, NULL);
    IMPOSSIBLE(memalign(unknown((size_t)1 << 63), 100), ENOMEM);
    return alive();
}
