// The hardened mode when metadata memory ends while threads start: one of them gets blocks with canaries, or none.
// env: FT_MALLOC=secure
// glibc: no, the mode is the library's
// emulator: no, the limit would be the emulator's
#include "check.h"
#include <pthread.h>
#include <semaphore.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { CHILDREN = 8, THREADS = 60, COUNT = 100, LEFT = 20000 };

static sem_t go, done;
static int over;

static void use(void) {
    char *p[COUNT];
    for (int i = 0; i < COUNT; i++) {
        p[i] = hide(malloc(40));
        CHECK(p[i] != NULL || (!over && errno == ENOMEM));
        if (p[i]) memset(p[i], 7, 40);
    }
    for (int i = 0; i < COUNT; i++) free(p[i]);
}
static void *work(void *unused) {
    for (int phase = 0; phase < 2; phase++) {
        sem_wait(&go);
        for (int round = 0; round < 4; round++) use();
        sem_post(&done);
        while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE)) usleep(1000);
    }
    return unused;
}
// Leaves zones with free blocks, and room in the metadata for fewer or more caches.
static void *leave(void *count) {
    static void *p[2 * LEFT];
    for (size_t i = 0; i < address(count); i++) CHECK((p[i] = hide(malloc(40))) != NULL);
    for (size_t i = 0; i < address(count); i++)
        if (i % 4 != 0) free(p[i]);
    return NULL;
}

static int child(size_t number) {
    pthread_t thread[THREADS], other;
    pthread_attr_t attributes;
    struct rlimit limit;
    CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, 131072) == 0);
    for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&thread[i], &attributes, work, NULL) == 0);
    CHECK(pthread_create(&other, &attributes, leave, (void *)(LEFT + number * 1500)) == 0 && pthread_join(other, NULL) == 0);
    CHECK(getrlimit(RLIMIT_DATA, &limit) == 0);
    limit.rlim_cur = 4096;
    CHECK(setrlimit(RLIMIT_DATA, &limit) == 0);
    for (int i = 0; i < THREADS; i++) { sem_post(&go); sem_wait(&done); }
    limit.rlim_cur = limit.rlim_max;
    CHECK(setrlimit(RLIMIT_DATA, &limit) == 0);
    __atomic_store_n(&over, 1, __ATOMIC_RELEASE);
    for (int i = 0; i < THREADS; i++) { sem_post(&go); sem_wait(&done); }
    for (int i = 0; i < THREADS; i++) CHECK(pthread_join(thread[i], NULL) == 0);
    return 0;
}

int main(void) {
    CHECK(sem_init(&go, 0, 0) == 0 && sem_init(&done, 0, 0) == 0);
    for (size_t i = 0; i < CHILDREN; i++) {
        int status;
        pid_t process = fork();
        CHECK(process >= 0);
        if (process == 0) _exit(child(i));
        CHECK(waitpid(process, &status, 0) == process && status == 0);
    }
    return 0;
}
