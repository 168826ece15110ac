// The allocator's thread key is a high one: libc allocates the room for its values, in the midst of a thread's first
// allocation.
#include "../check.h"
#include <pthread.h>

// The library's constructor gets none, as in a process that has no keys left, so that it is a later thread that makes one:
// behind the first 32, which have room in each thread's own structure.
int __pthread_key_create(pthread_key_t *key, void (*destructor)(void *));
static volatile int there_are_keys;
int pthread_key_create(pthread_key_t *key, void (*destructor)(void *)) {
    return there_are_keys ? __pthread_key_create(key, destructor) : EAGAIN;
}

static void *work(void *unused) {
    for (size_t size = 0; size < 2000; size += 7) free(hide(malloc(size)));
    return unused;
}

int main(void) {
    size_t warm = 0;
    pthread_key_t key;
    for (int i = 0; i < 40; i++) CHECK(__pthread_key_create(&key, NULL) == 0);
    there_are_keys = 1;
    work(NULL);
    for (int i = 0; i < 2000; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, work, NULL) == 0 && pthread_join(thread, NULL) == 0);
        if (i == 100) warm = status_line("VmRSS");
    }
    // And the threads' caches came back.
    CHECK(status_line("VmRSS") < warm + (2u << 20));
    return 0;
}
