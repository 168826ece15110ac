// realloc of a freed block to the size it had: nothing to do, and still wrong.
#include "misuse.h"

int main(void) {
    void *keep = hide(malloc(42)), *p = hide(malloc(42));
    free(p);
    misuse(hide(p), p);
    DECLINED(realloc(hide(p), 42));
    free(keep);
    return alive();
}
