// Other libraries' pthread_atfork handlers allocate and free, in all three phases. Handlers registered before the
// allocator's own run in the prepare phase after it, when it may hold its locks, and in the other two before it.
// mode: preload link archive
#include "../check.h"
#include <pthread.h>
#include <sys/wait.h>

static volatile int stop;
static void *kept[64];
static int calls;

static void use(void) {
    for (size_t i = 0; i < 64; i++) {
        free(kept[i]);
        kept[i] = malloc(i == 0 ? 100000 : i * i * 4);
        CHECK(kept[i] != NULL);
    }
    kept[5] = realloc(kept[5], 3000);
    free(hide(calloc(100, 400)));
    static size_t nth;
    if (nth++ % 50 < 2) CHECK(mallinfo2().uordblks > 0);
    calls++;
}

static void early(int argc, char **argv, char **envp) {
    (void)argc, (void)argv, (void)envp;
    CHECK(pthread_atfork(use, use, use) == 0);
}
// Runs before the constructors of all libraries, so before the first malloc.
__attribute__((section(".preinit_array"), used)) static void (*const first)(int, char **, char **) = early;

static void *churn(void *seed) {
    uint64_t state = address(seed);
    while (!stop) free(hide(malloc(rnd_size(&state, 18))));
    return NULL;
}

int main(void) {
    pthread_t thread[2];
    int status = 0;
    const size_t rounds = times(150, 20000);
    alarm((unsigned)times(25, 3000));
    free(hide(malloc(10)));
    CHECK(pthread_atfork(use, use, use) == 0); // and after its first use
    for (size_t i = 0; i < 2; i++) CHECK(pthread_create(&thread[i], NULL, churn, (void *)(i + 1)) == 0);
    for (size_t round = 0; round < rounds; round++) {
        calls = 0;
        pid_t child = fork();
        CHECK(child >= 0 && calls == 4); // two prepare, two parent or child
        if (child == 0) {
            alarm(10);
            use();
            _exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    stop = 1;
    for (int i = 0; i < 2; i++) pthread_join(thread[i], NULL);
    counted(rounds, "forks with handlers that allocate");
    return 0;
}
