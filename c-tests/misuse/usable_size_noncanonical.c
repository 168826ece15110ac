// malloc_usable_size of an address that no x86-64 has.
#include "misuse.h"

int main(void) {
    void *p = hide((void *)0xdeadbeefdeadbee0);
    misuse(p, p);
    const size_t size = malloc_usable_size(p);
    went_on();
    CHECK(!OURS || size == 0);
    return alive();
}
