// Memory the program mapped itself, without access.
#include "misuse.h"

int main(void) {
    void *p = hide(mmap(NULL, 1 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANON, -1, 0));
    misuse(p, p);
    free(p);
    went_on();
    return alive();
}
