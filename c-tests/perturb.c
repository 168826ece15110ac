// mallopt(M_PERTURB, v): malloc fills with the complement of v, free with v, calloc gives zeros all the same (mallopt(3)).
#include "check.h"

int main(void) {
    static const size_t size[] = {40, 512, 3000, 20000, 50000};
    CHECK(mallopt(M_PERTURB, 0x5a) == 1);
    for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
        unsigned char *keep = hide(malloc(size[i])), *p = hide(malloc(size[i]));
        CHECK(all_bytes(p, size[i], 0xa5));
        memset(p, 1, size[i]);
        free(p);
        // glibc forgets to when the block goes to its thread cache; pages above 32 KiB may be gone
        if (OURS && size[i] <= 32768) CHECK(all_bytes(hide(p), size[i], 0x5a));
        p = hide(calloc(1, size[i]));
        CHECK(all_bytes(p, size[i], 0));
        p = hide(realloc(p, size[i] + 2000));
        CHECK(all_bytes(p, size[i], 0));
        free(p);
        free(keep);
    }
    CHECK(mallopt(M_PERTURB, 0) == 1);
    return 0;
}
