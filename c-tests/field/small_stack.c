// Threads with the smallest stack there is allocate and free in all classes and end (jemalloc#2179).
#include "../check.h"
#include <limits.h>
#include <pthread.h>

static void *use(void *unused) {
    for (size_t size = 0; size < 3000000; size = size * 3 / 2 + 1) {
        void *p = hide(malloc(size)), *q = hide(calloc(1, size)), *r = hide(memalign(4096, size));
        CHECK(p && q && r && (p = realloc(p, size * 2 + 1)) != NULL);
        free(p);
        free(r);
        free(q);
    }
    return unused;
}

int main(void) {
    pthread_attr_t attributes;
    pthread_t thread;
    CHECK(pthread_attr_init(&attributes) == 0);
    CHECK(pthread_attr_setstacksize(&attributes, (size_t)sysconf(_SC_THREAD_STACK_MIN)) == 0);
    const size_t threads = times(20, 20000);
    for (size_t i = 0; i < threads; i++) CHECK(pthread_create(&thread, &attributes, use, NULL) == 0 && pthread_join(thread, NULL) == 0);
    counted(threads, "threads with the smallest stack");
    return 0;
}
