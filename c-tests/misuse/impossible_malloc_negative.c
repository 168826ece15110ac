// malloc of more than PTRDIFF_MAX bytes: pointers into it could not be subtracted.
#include "misuse.h"

int main(void) {
    misuse(NULL, NULL);
    IMPOSSIBLE(malloc(unknown((size_t)PTRDIFF_MAX + 1)), ENOMEM);
    return alive();
}
