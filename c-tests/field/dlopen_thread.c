// A thread that was there before opens the library and uses it, while main and other threads live without it.
// mode: plain
// libs: -ldl
// glibc: no, it is about the library
#include "../check.h"
#include <dlfcn.h>
#include <pthread.h>

static pthread_barrier_t step;
static void *library, *block;

static void *opener(void *unused) {
    library = dlopen(getenv("C_TESTS_LIB"), RTLD_NOW | RTLD_LOCAL);
    CHECK(library != NULL);
    void *(*our_malloc)(size_t);
    *(void **)&our_malloc = dlsym(library, "malloc");
    CHECK((block = our_malloc(1000)) != NULL);
    fill(block, 1000, 2);
    pthread_barrier_wait(&step);
    return unused;
}
static void *older(void *unused) { // its TLS block was made before the library came
    void (*our_free)(void *);
    pthread_barrier_wait(&step);
    *(void **)&our_free = dlsym(library, "free");
    CHECK(holds(block, 1000, 2));
    our_free(block);
    return unused;
}

int main(void) {
    pthread_t a, b;
    pthread_barrier_init(&step, NULL, 2);
    CHECK(pthread_create(&b, NULL, older, NULL) == 0 && pthread_create(&a, NULL, opener, NULL) == 0);
    CHECK(pthread_join(a, NULL) == 0 && pthread_join(b, NULL) == 0);
    return 0;
}
