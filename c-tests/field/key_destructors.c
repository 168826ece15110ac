// malloc and free in pthread key destructors, in every round the system makes, with keys made before and after the
// allocator's own (jemalloc#283, #2351). What a dying thread allocates and frees is not lost.
#include "../check.h"
#include <limits.h>
#include <pthread.h>

static pthread_key_t key[3];
static int made;

static void *block(int which, int round) {
    unsigned char *p = malloc(100);
    CHECK(p != NULL);
    fill(p + 2, 98, 7);
    p[0] = (unsigned char)which;
    p[1] = (unsigned char)round;
    return p;
}

static void last(void *value) {
    unsigned char *old = value;
    CHECK(holds(old + 2, 98, 7));
    free(hide(malloc(60)));
    free(hide(calloc(1, 50000)));
    if (old[1] < PTHREAD_DESTRUCTOR_ITERATIONS - 1) CHECK(pthread_setspecific(key[old[0]], block(old[0], old[1] + 1)) == 0);
    free(old);
}

static void early(int argc, char **argv, char **envp) {
    (void)argc, (void)argv, (void)envp;
    CHECK(pthread_key_create(&key[0], last) == 0);
}
__attribute__((section(".preinit_array"), used)) static void (*const first)(int, char **, char **) = early;

static void *work(void *unused) {
    for (int i = 0; i < made; i++) CHECK(pthread_setspecific(key[i], block(i, 0)) == 0);
    return unused;
}

int main(void) {
    size_t warm = 0, memory = 0;
    free(hide(malloc(10)));
    for (made = 1; made < 3; made++) CHECK(pthread_key_create(&key[made], last) == 0);
    const size_t threads = times(2000, 200000);
    for (size_t i = 0; i < threads; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, work, NULL) == 0 && pthread_join(thread, NULL) == 0);
        if (i != 200) continue;
        warm = mallinfo2().uordblks;
        memory = resident();
    }
    CHECK(mallinfo2().uordblks <= warm + 2000); // 1800 threads; one lost block each would be 180000 bytes
    CHECK(resident() <= memory + (2u << 20));  // one lost zone each would be 7 MiB
    counted(threads, "threads with key destructors");
    return 0;
}
