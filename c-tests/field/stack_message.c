// A message about misuse fits the smallest stack that a thread can have, the thread's first call included.
// stderr: ^ft_malloc: free\(0x[0-9a-f]+\): double free of a 48-byte block \(TINY\)$
// glibc: no, it has no messages of this kind
#include "../check.h"
#include <limits.h>
#include <pthread.h>

static void *use(void *block) {
    free(block);
    return NULL;
}

int main(void) {
    pthread_attr_t attributes;
    pthread_t thread;
    void *block = malloc(42);
    free(hide(block));
    CHECK(pthread_attr_init(&attributes) == 0);
    CHECK(pthread_attr_setstacksize(&attributes, (size_t)sysconf(_SC_THREAD_STACK_MIN)) == 0);
    CHECK(pthread_create(&thread, &attributes, use, hide(block)) == 0 && pthread_join(thread, NULL) == 0);
    return 0;
}
