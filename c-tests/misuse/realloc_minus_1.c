// realloc of the last address there is.
#include "misuse.h"

int main(void) {
    void *p = hide((void *)-1);
    misuse(p, p);
    DECLINED(realloc(p, 100));
    return alive();
}
