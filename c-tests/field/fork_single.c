// A process of one thread forks and the child starts threads: no lock the fork took is left closed, the stdio list's
// included (glibc resets that one in the child only when the parent had several threads).
#include "../check.h"
#include <pthread.h>
#include <sys/wait.h>

static void *use(void *unused) {
    for (int i = 0; i < 100; i++) {
        FILE *file = fopen("/dev/null", "w");
        CHECK(file != NULL && fprintf(file, "text") == 4 && fflush(NULL) == 0 && fclose(file) == 0);
        free(hide(malloc((size_t)i * 1000)));
    }
    return unused;
}

int main(void) {
    int status = 0;
    free(hide(malloc(10)));
    for (int depth = 0; depth < 3; depth++) { // a child forks in its turn
        pid_t child = fork();
        CHECK(child >= 0);
        if (child > 0) {
            CHECK(waitpid(child, &status, 0) == child && status == 0);
            return 0;
        }
        alarm(10);
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, use, NULL) == 0 && pthread_join(thread, NULL) == 0);
    }
    return 0;
}
