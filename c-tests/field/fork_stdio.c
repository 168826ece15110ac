// fork while threads hold stdio locks and allocate. glibc's fork takes the lock of the list of files after the prepare
// handlers: an allocator that holds its locks by then waits for a thread that holds a FILE and waits for memory.
// emulator: no, qemu-user cannot fork while threads run: without the library it hangs, too
#include "../check.h"
#include <pthread.h>
#include <sys/wait.h>

static volatile int stop;

static void *open_close(void *unused) {
    while (!stop) {
        FILE *file = fopen("/dev/null", "w");
        CHECK(file != NULL && fprintf(file, "text") == 4 && fclose(file) == 0);
    }
    return unused;
}
static void *flush(void *unused) {
    while (!stop) fflush(NULL);
    return unused;
}
static void *read_lines(void *unused) {
    while (!stop) {
        FILE *file = fopen("/proc/self/status", "r");
        char *line = NULL;
        size_t size = 0;
        CHECK(file != NULL);
        while (getline(&line, &size, file) > 0) {}
        free(line);
        fclose(file);
    }
    return unused;
}
static void *churn(void *unused) { // the page heap's lock is busy, too
    while (!stop) {
        void *p = hide(malloc(200000));
        free(hide(malloc(40000)));
        free(p);
    }
    return unused;
}

int main(void) {
    void *(*const work[4])(void *) = {open_close, flush, read_lines, churn};
    pthread_t thread[4];
    int status = 0;
    const size_t rounds = times(200, 20000);
    alarm((unsigned)times(25, 3000)); // a hang in the parent's fork
    for (int i = 0; i < 4; i++) CHECK(pthread_create(&thread[i], NULL, work[i], NULL) == 0);
    for (size_t round = 0; round < rounds; round++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            alarm(10);
            FILE *file = fopen("/dev/null", "w");
            CHECK(file != NULL && fclose(file) == 0);
            free(hide(malloc(100000)));
            _exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    stop = 1;
    for (int i = 0; i < 4; i++) pthread_join(thread[i], NULL);
    counted(rounds, "forks with busy stdio");
    return 0;
}
