// calloc of a product that overflows to zero.
#include "misuse.h"

int main(void) {
    misuse(NULL, NULL);
    IMPOSSIBLE(calloc(unknown((size_t)1 << 32), unknown((size_t)1 << 32)), ENOMEM);
    return alive();
}
