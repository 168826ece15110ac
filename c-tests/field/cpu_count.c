// No assumption about processors or rseq (jemalloc#2054, google/tcmalloc#144): the program starts on one processor, its
// threads get others later, and the libc's rseq registration is off.
// env: GLIBC_TUNABLES=glibc.pthread.rseq=0
#include "../check.h"
#include <pthread.h>
#include <sched.h>

static void *work(void *seed) {
    uint64_t state = address(seed) + 1;
    cpu_set_t one;
    const int rounds = (int)times(20000, 2000000);
    for (int i = 0; i < rounds; i++) {
        if (i % 1000 == 0) { // go to another processor; there may be just one
            CPU_ZERO(&one);
            CPU_SET((int)(rnd(&state) % (unsigned)sysconf(_SC_NPROCESSORS_CONF)), &one);
            (void)!sched_setaffinity(0, sizeof one, &one);
        }
        size_t size = rnd_size(&state, 13);
        void *p = malloc(size);
        CHECK(p != NULL);
        memset(p, 1, size);
        free(p);
    }
    return NULL;
}

int main(void) {
    pthread_t thread[4];
    work(NULL);
    for (size_t i = 0; i < 4; i++) CHECK(pthread_create(&thread[i], NULL, work, (void *)i) == 0);
    for (int i = 0; i < 4; i++) CHECK(pthread_join(thread[i], NULL) == 0);
    counted(5 * times(20000, 2000000), "blocks on changing processors");
    return 0;
}
