// Memory ends for one size after the other, and comes back with the blocks that are freed.
#include "../faults.h"
#include <sys/resource.h>

static size_t take_all(size_t size, struct block *chain) {
    size_t count = 0;
    // The blocks are linked through themselves: there is no memory for anything else.
    for (void **p; (p = hide(malloc(size))) != NULL; count++) {
        *p = chain->at;
        p[1] = (void *)(size + address(p));
        chain->at = (void *)p;
    }
    CHECK(errno == ENOMEM);
    return count;
}
static void give_all(size_t size, struct block *chain) {
    while (chain->at) {
        void **p = (void **)(void *)chain->at;
        CHECK(p[1] == (void *)(size + address(p)));
        chain->at = *p;
        free(p);
    }
}

static void work(void) {
    static const size_t size[] = {48, 30000, 2000000};
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_AS, &limit) == 0);
    // Where the hardened mode has no arena of 64 MiB, guards and gaps are most of what is left.
    const char *options = getenv("FT_MALLOC");
    const size_t room = (options && strstr(options, "secure") ? 70u : 8u) << 20;
    const struct rlimit short_ = {address_space() + room, limit.rlim_max};
    struct block chain = {NULL, 0, 0};
    if (setrlimit(RLIMIT_AS, &short_) != 0) skip("RLIMIT_AS cannot be set here");
    for (int i = 0; i < 3; i++) {
        errno = 0;
        size_t count = take_all(size[i], &chain);
        CHECK(EXCUSED || !OURS || count * size[i] > (4u << 20));
        give_all(size[i], &chain);
    }
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
}
