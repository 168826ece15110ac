// Freed by another thread that has ended, then by the owner.
#include "misuse.h"

int main(void) {
    void *keep = hide(malloc(42)), *p = hide(malloc(42));
    misuse(p, p);
    in_thread(thread_free, p);
    free(hide(p));
    went_on();
    free(keep);
    return alive();
}
