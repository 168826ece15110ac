// A thread holds glibc's lock of the list of open files, as fflush(NULL) does, and needs memory just when another one forks. An
// allocator that holds its own locks by then waits for that thread, and it for the allocator.
// glibc: no, its own fork knows of both locks
// emulator: no, qemu-user cannot fork while threads run: without the library it hangs, too
#include "../check.h"
#include <pthread.h>
#include <sys/wait.h>
#ifdef __GLIBC__
void _IO_list_lock(void);
void _IO_list_unlock(void);

static volatile int holds_it;

static void *hold(void *unused) {
    _IO_list_lock();
    holds_it = 1;
    usleep(300000); // the other thread is in the midst of its fork by now
    free(hide(malloc(200000)));
    _IO_list_unlock();
    return unused;
}

int main(void) {
    pthread_t thread;
    int status;
    alarm(20);
    CHECK(pthread_create(&thread, NULL, hold, NULL) == 0);
    while (!holds_it) usleep(1000);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) _exit(0);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    return 0;
}
#else
int main(void) { skip("only glibc's fork takes that lock"); }
#endif
