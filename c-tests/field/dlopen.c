// The library can be opened at run time, where static TLS is scarce (jemalloc#937, #1237, mimalloc#147), and used by name.
// mode: plain
// libs: -ldl
// glibc: no, it is about the library
#include "../check.h"
#include <dlfcn.h>
#include <pthread.h>

static void *(*our_malloc)(size_t);
static void *(*our_realloc)(void *, size_t);
static void (*our_free)(void *);

static void *use(void *unused) {
    for (size_t size = 0; size < 1000000; size = size * 2 + 1) {
        void *p = our_malloc(size);
        CHECK(p != NULL && aligned(p, 16));
        fill(p, size, 1);
        CHECK((p = our_realloc(p, size + 100)) != NULL && holds(p, size, 1));
        our_free(p);
    }
    return unused;
}

int main(void) {
    pthread_t thread;
    void *library = dlopen(getenv("C_TESTS_LIB"), RTLD_NOW | RTLD_LOCAL);
    if (!library) say(dlerror());
    CHECK(library != NULL);
    *(void **)&our_malloc = dlsym(library, "malloc");
    *(void **)&our_realloc = dlsym(library, "realloc");
    *(void **)&our_free = dlsym(library, "free");
    CHECK(our_malloc && our_realloc && our_free && our_malloc != malloc);
    use(NULL);
    CHECK(pthread_create(&thread, NULL, use, NULL) == 0 && pthread_join(thread, NULL) == 0);
    return 0;
}
