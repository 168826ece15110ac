// aligned_alloc with an alignment that is not a power of two.
#include "misuse.h"

int main(void) {
    misuse(NULL, NULL);
    IMPOSSIBLE(aligned_alloc(unknown(48), 480), EINVAL);
    return alive();
}
