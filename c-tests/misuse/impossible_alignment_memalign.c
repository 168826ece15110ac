// memalign with an alignment that is not a power of two.
#include "misuse.h"

int main(void) {
    misuse(NULL, NULL);
    IMPOSSIBLE(memalign(unknown(48), 480), EINVAL);
    return alive();
}
