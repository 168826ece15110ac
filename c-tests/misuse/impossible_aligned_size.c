// aligned_alloc of a size that overflows when it is rounded up to the alignment.
#include "misuse.h"

int main(void) {
    misuse(NULL, NULL);
    IMPOSSIBLE(aligned_alloc(4096, unknown(SIZE_MAX - 100)), ENOMEM);
    return alive();
}
