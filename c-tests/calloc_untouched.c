// calloc does not clear what the kernel has just cleared: 512 MiB cost hardly any page.
#include "check.h"

int main(void) {
    size_t before = resident();
    char *p = calloc(512, 1 << 20);
    CHECK(p != NULL && resident() - before < (8u << 20));
    for (size_t at = 0; at < (size_t)512 << 20; at += 50 << 20) CHECK(p[at] == 0);
    free(p);
    return 0;
}
