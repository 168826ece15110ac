// show_alloc_mem while other threads allocate and free: every listing is well formed and has the blocks that stay.
// glibc: no, it has no show_alloc_mem
#include "show.h"
#include <pthread.h>

static volatile int stop;

static void *churn(void *seed) {
    static __thread void *p[200];
    uint64_t state = address(seed);
    while (!stop) {
        size_t slot = rnd(&state) % 200;
        free(p[slot]);
        p[slot] = malloc(rnd_size(&state, 16));
    }
    for (int i = 0; i < 200; i++) free(p[i]);
    return NULL;
}

int main(void) {
    pthread_t thread[3];
    void *stays[100];
    for (size_t i = 0; i < 100; i++) CHECK((stays[i] = malloc(i * 50)) != NULL);
    for (size_t i = 0; i < 3; i++) CHECK(pthread_create(&thread[i], NULL, churn, (void *)(i + 1)) == 0);
    for (int round = 0; round < 50; round++) {
        const char *text = show_text();
        check_show(text);
        for (size_t i = 0; i < 100; i++) CHECK(lists(text, stays[i], i * 50));
        munmap((void *)text, strlen(text) + 1);
    }
    stop = 1;
    for (int i = 0; i < 3; i++) pthread_join(thread[i], NULL);
    return 0;
}
