// malloc and free in the handlers of pthread_cleanup_push, as a thread is cancelled at a moment of its own choice and inside
// calls that are cancellation points; then in its key destructors. Nothing is lost.
#include "../check.h"
#include <pthread.h>

static pthread_key_t key;
static int wake[2];
static size_t cleaned, destroyed;

static void *block(void) {
    void *p = malloc(3000);
    CHECK(p != NULL);
    fill(p, 3000, 5);
    return p;
}
static void use(void *old) {
    CHECK(holds(old, 3000, 5));
    free(hide(calloc(1, 50000)));
    void *p = block();
    free(old);
    CHECK((p = realloc(p, 70000)) && holds(p, 3000, 5));
    free(p);
}
static void clean(void *old) {
    use(old);
    CHECK(pthread_setspecific(key, block()) == 0); // for the destructors behind it
    cleaned++;
}
static void destroy(void *old) {
    use(old);
    destroyed++;
}

static void *work(void *round) {
    pthread_cleanup_push(clean, block());
    pthread_cleanup_push(use, block());
    CHECK(write(wake[1], "", 1) == 1);
    if (address(round) % 2 == 0) pause();
    for (;;) {
        free(hide(malloc(200)));
        pthread_testcancel();
    }
    pthread_cleanup_pop(1);
    pthread_cleanup_pop(1);
    return NULL;
}

int main(void) {
    size_t warm = 0, memory = 0;
    const size_t threads = times(500, 50000);
    CHECK(pthread_key_create(&key, destroy) == 0 && pipe(wake) == 0);
    for (size_t i = 0; i < threads; i++) {
        pthread_t thread;
        void *result;
        char byte;
        CHECK(pthread_create(&thread, NULL, work, (void *)i) == 0 && read(wake[0], &byte, 1) == 1);
        CHECK(pthread_cancel(thread) == 0 && pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
        if (i == 100) warm = mallinfo2().uordblks, memory = resident();
    }
    CHECK(cleaned == threads && destroyed == threads);
    CHECK(mallinfo2().uordblks <= warm + 2000); // one lost block each would be a million bytes
    CHECK(resident() <= memory + (2u << 20));
    counted(threads, "threads cancelled");
    return 0;
}
