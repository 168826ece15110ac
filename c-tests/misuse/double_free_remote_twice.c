// Two threads, neither of them the owner, free the same block one after the other.
#include "misuse.h"

int main(void) {
    void *keep = hide(malloc(42)), *p = hide(malloc(42));
    misuse(p, p);
    in_thread(thread_free, p);
    in_thread(thread_free, hide(p));
    went_on();
    free(keep);
    return alive();
}
