// malloc of SIZE_MAX bytes: what a negative length becomes.
#include "misuse.h"

int main(void) {
    misuse(NULL, NULL);
    IMPOSSIBLE(malloc(unknown(SIZE_MAX)), ENOMEM);
    return alive();
}
