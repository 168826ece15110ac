// realloc of a global variable.
#include "misuse.h"

int main(void) {
    static char global[64] __attribute__((aligned(16)));
    void *p = hide(global);
    misuse(p, p);
    DECLINED(realloc(p, 100));
    return alive();
}
