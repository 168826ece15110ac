// Freed by its owner, then once more by another thread.
#include "misuse.h"

int main(void) {
    void *p = hide(malloc(42));
    misuse(p, p);
    free(p);
    in_thread(thread_free, hide(p));
    went_on();
    return alive();
}
