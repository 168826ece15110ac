// posix_memalign with an alignment that is not a power of two: it gives the error and leaves the pointer alone.
#include "misuse.h"

int main(void) {
    void *p = NULL;
    misuse(NULL, NULL);
    const int error = posix_memalign(&p, unknown(48), 480);
    if (error == EINVAL && p == NULL) refused();
    went_on();
    CHECK(!OURS || (error == EINVAL && p == NULL));
    return alive();
}
