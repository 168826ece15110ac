// realloc of memory the program mapped itself.
#include "misuse.h"

int main(void) {
    void *p = hide(mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0));
    misuse(p, p);
    DECLINED(realloc(p, 100));
    return alive();
}
