// realloc of the address of a local variable.
#include "misuse.h"

int main(void) {
    char p[64] __attribute__((aligned(16))) = {1};
    misuse(hide(p), p);
    DECLINED(realloc(hide(p), 100));
    CHECK(p[0] == 1);
    return alive();
}
