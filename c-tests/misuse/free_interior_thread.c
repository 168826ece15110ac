// Another thread frees a pointer to the middle of our block.
#include "misuse.h"

int main(void) {
    void *p = hide(malloc(42));
    fill(p, 42, 1);
    misuse(at(p, 16), p);
    in_thread(thread_free, at(p, 16));
    went_on();
    CHECK(holds(p, 42, 1));
    free(p);
    return alive();
}
