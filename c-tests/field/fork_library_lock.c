// A library's fork handler waits for a lock of the library, under which another thread allocates. The handler was registered
// by the library's constructor, before anybody allocated: it has to run before the allocator takes its own locks.
// mode: preload
// plugin: field/fork_library_lock_plugin.c
// libs: -ldl
// emulator: no, the loader's path is the machine's
#include "../check.h"
#include <dlfcn.h>
#include <pthread.h>
#include <sys/wait.h>

static pthread_mutex_t *lock;
static volatile int stage;

static void *work(void *unused) {
    CHECK(pthread_mutex_lock(lock) == 0);
    stage = 1;
    usleep(200000);
    for (int i = 0; i < 20000; i++) CHECK(malloc(100));
    CHECK(pthread_mutex_unlock(lock) == 0);
    return unused;
}

int main(int count, char **argument) {
    (void)count;
    if (!getenv("C_TESTS_AGAIN")) {
        static char libraries[8192];
        const char *before = getenv("LD_PRELOAD");
        snprintf(libraries, sizeof libraries, "%s:%s", before ? before : "", getenv("C_TESTS_PLUGIN"));
        CHECK(setenv("LD_PRELOAD", libraries, 1) == 0 && setenv("C_TESTS_AGAIN", "1", 1) == 0);
        execv("/proc/self/exe", argument);
        return 1;
    }
    pthread_t thread;
    int status = 0;
    alarm(10);
    CHECK((lock = dlsym(RTLD_DEFAULT, "library_lock")) != NULL);
    CHECK(pthread_create(&thread, NULL, work, NULL) == 0);
    while (stage == 0) usleep(1000);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) _exit(0);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    return 0;
}
