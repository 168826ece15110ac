// pvalloc of a size that overflows when it is rounded up to a page.
#include "misuse.h"

int main(void) {
    misuse(NULL, NULL);
    IMPOSSIBLE(pvalloc(unknown(SIZE_MAX - 100)), ENOMEM);
    return alive();
}
