// malloc of a size that overflows when a header or a page is added.
#include "misuse.h"

int main(void) {
    misuse(NULL, NULL);
    IMPOSSIBLE(malloc(unknown(SIZE_MAX - 100)), ENOMEM);
    return alive();
}
