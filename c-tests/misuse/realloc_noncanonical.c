// realloc of an address that no x86-64 has.
#include "misuse.h"

int main(void) {
    void *p = hide((void *)0xdeadbeefdeadbee0);
    misuse(p, p);
    DECLINED(realloc(p, 100));
    return alive();
}
