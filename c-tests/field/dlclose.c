// dlclose while a thread still has something to clean up at its end: the library stays mapped (mimalloc#809).
// mode: plain
// libs: -ldl
// glibc: no, it is about the library
#include "../check.h"
#include <dlfcn.h>
#include <pthread.h>

static pthread_barrier_t step;
static void *library;

static void *work(void *unused) {
    void *(*our_malloc)(size_t);
    void (*our_free)(void *);
    *(void **)&our_malloc = dlsym(library, "malloc");
    *(void **)&our_free = dlsym(library, "free");
    void *p = our_malloc(100);
    pthread_barrier_wait(&step); // used
    pthread_barrier_wait(&step); // closed
    fill(p, 100, 1);
    CHECK(holds(p, 100, 1));
    our_free(p);
    return unused;
}

int main(void) {
    pthread_t thread;
    pthread_barrier_init(&step, NULL, 2);
    const size_t rounds = times(3, 50000);
    for (size_t round = 0; round < rounds; round++) {
        library = dlopen(getenv("C_TESTS_LIB"), RTLD_NOW | RTLD_LOCAL);
        CHECK(library != NULL && pthread_create(&thread, NULL, work, NULL) == 0);
        pthread_barrier_wait(&step);
        CHECK(dlclose(library) == 0);
        pthread_barrier_wait(&step);
        CHECK(pthread_join(thread, NULL) == 0); // the key destructor runs here
    }
    counted(rounds, "dlopen and dlclose");
    return 0;
}
