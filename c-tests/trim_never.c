// mallopt(M_TRIM_THRESHOLD, -1): free memory stays, as programs for real time want it (mallopt(3)), however old and however
// much it is; another threshold ends that.
// env: FT_MALLOC=purge_delay=0
#include "check.h"

enum { BLOCKS = 100, BYTES = 1 << 20 };

static void use(void) {
    char *p[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        CHECK((p[i] = malloc(BYTES)) != NULL);
        memset(p[i], 1, BYTES);
    }
    for (int i = 0; i < BLOCKS; i++) free(p[i]);
}

static size_t kept(void) {
    return mallinfo2().keepcost;
}

int main(void) {
    CHECK(mallopt(M_TRIM_THRESHOLD, -1) == 1);
    for (int round = 0; round < 3; round++) {
        use();
        if (OURS) CHECK(kept() > (size_t)BLOCKS * BYTES * 9 / 10);
    }
    CHECK(mallopt(M_TRIM_THRESHOLD, 1 << 20) == 1);
    use();
    if (OURS) CHECK(kept() < (size_t)BLOCKS * BYTES / 2);
    return 0;
}
