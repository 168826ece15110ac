// Old programs' cfree frees.
// libs: -ldl
// glibc: no, it dropped cfree in 2.26
#include "../check.h"
#include <dlfcn.h>

int main(void) {
    void (*cfree)(void *);
    *(void **)&cfree = dlsym(RTLD_DEFAULT, "cfree");
    CHECK(cfree != NULL);
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < 1000; i++) cfree(hide(malloc(1000)));
    cfree(NULL);
    CHECK(mallinfo2().uordblks < before + 100000);
    return 0;
}
