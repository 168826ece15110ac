// 20,000 threads one after another leave nothing behind: resident memory grows by less than 1 MiB after a warm-up
// (mimalloc#190, jemalloc#243). Half of their blocks are freed by main.
// emulator: no, it takes minutes
#include "../check.h"
#include <pthread.h>

static void *left[20];

static void *work(void *seed) {
    uint64_t state = address(seed) + 1;
    for (int i = 0; i < 20; i++) {
        void *own = hide(malloc(rnd_size(&state, 12)));
        CHECK((left[i] = malloc(rnd_size(&state, 12) + 1)) != NULL);
        *(char *)left[i] = 1;
        free(own);
    }
    return NULL;
}

int main(void) {
    size_t warm = 0;
    const size_t threads = times(20000, 1000000);
    for (size_t i = 0; i < threads; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, work, (void *)i) == 0 && pthread_join(thread, NULL) == 0);
        for (int k = 0; k < 20; k++) free(left[k]);
        if (i == 1000) warm = resident();
    }
    if (resident() >= warm + (1u << 20)) fprintf(stderr, "resident %zu, %zu after the warm-up\n", resident(), warm);
    CHECK(resident() < warm + (1u << 20));
    counted(threads, "threads");
    counted((resident() > warm ? resident() - warm : 0) / 1024, "KiB of growth");
    return 0;
}
