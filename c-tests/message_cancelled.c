// free is no cancellation point, even when it has something to say.
// stderr: ^ft_malloc: free\(0x[0-9a-f]+\): interior pointer, 16 bytes into the 112-byte block at 0x[0-9a-f]+ \(TINY\)$
// glibc: no, it ends the program
#include "check.h"
#include <pthread.h>

static void *work(void *unused) {
    int state;
    char *block = (char *)malloc(100);
    // Not at once: it may open a library.
    CHECK(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state) == 0);
    CHECK(pthread_cancel(pthread_self()) == 0);
    CHECK(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state) == 0);
    free(hide(block + 16));
    CHECK(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state) == 0);
    free(block);
    return unused;
}

int main(void) {
    pthread_t thread;
    void *result = NULL;
    CHECK(pthread_create(&thread, NULL, work, NULL) == 0 && pthread_join(thread, &result) == 0);
    CHECK(result == NULL);
    return 0;
}
