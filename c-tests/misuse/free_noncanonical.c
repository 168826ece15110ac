// An address the processor does not accept.
#include "misuse.h"

int main(void) {
    void *p = hide((void *)0xdeadbeefdeadbee0);
    misuse(p, p);
    free(p);
    went_on();
    return alive();
}
