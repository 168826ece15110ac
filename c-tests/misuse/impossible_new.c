// C++ operator new(nothrow) of SIZE_MAX bytes.
// libs: -Wl,--no-as-needed -lstdc++
#include "operators.h"

int main(void) {
    misuse(NULL, NULL);
    void *got = hide(operator_new_nothrow(unknown(SIZE_MAX), ""));
    if (got == NULL) refused();
    went_on();
    CHECK(!OURS || got == NULL);
    return alive();
}
