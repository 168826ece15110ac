// calloc of a product that overflows to a small number.
#include "misuse.h"

int main(void) {
    misuse(NULL, NULL);
    IMPOSSIBLE(calloc(unknown(SIZE_MAX / 16 + 2), 16), ENOMEM);
    return alive();
}
