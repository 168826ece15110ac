// The allocator's thread key is a high one: libc allocates the room for its values, in the midst of a thread's first
// allocation.
#include "../check.h"
#include <pthread.h>

static void early(int argc, char **argv, char **envp) {
    (void)argc, (void)argv, (void)envp;
    pthread_key_t key;
    for (int i = 0; i < 40; i++) CHECK(pthread_key_create(&key, NULL) == 0);
}
// Runs before the constructors of all libraries. The first 32 keys have room in each thread's own structure.
__attribute__((section(".preinit_array"), used)) static void (*const first)(int, char **, char **) = early;

static void *work(void *unused) {
    for (size_t size = 0; size < 2000; size += 7) free(hide(malloc(size)));
    return unused;
}

int main(void) {
    size_t warm = 0;
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
