// A thread-local variable.
#include "misuse.h"

static _Thread_local char local[64] __attribute__((aligned(16)));

int main(void) {
    void *p = hide(local);
    misuse(p, p);
    free(p);
    went_on();
    return alive();
}
