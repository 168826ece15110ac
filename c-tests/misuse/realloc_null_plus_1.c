// realloc of NULL + 1.
#include "misuse.h"

int main(void) {
    void *p = hide((void *)1);
    misuse(p, p);
    DECLINED(realloc(p, 100));
    return alive();
}
