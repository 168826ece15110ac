// fork in a signal handler that has interrupted malloc or free, as crash handlers do and those that start a program: the
// fork does not wait for a lock that its own thread holds. The child of a process with one thread goes on, too.
// emulator: no, the signals come faster than it forks
#include "../check.h"
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

static volatile sig_atomic_t forks, is_child;

static void handler(int unused) {
    (void)unused;
    int before = errno, status;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        if (++forks % 10) _exit(0);
        is_child = 1;
    } else {
        CHECK(waitpid(child, &status, 0) == child && status == 0);
        forks++;
    }
    errno = before;
}

static void use(int count) {
    void *blocks[64];
    for (int i = 0; i < count; i++) CHECK((blocks[i] = hide(malloc((size_t)i % 4 ? (size_t)(40000 + i * 7000) : 8u << 20))) != NULL);
    for (int i = 0; i < count; i++) free(blocks[i]);
}

int main(void) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    struct itimerval often = {{0, 300}, {0, 300}}, never = {{0, 0}, {0, 0}};
    CHECK(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &often, NULL) == 0);
    const int most = (int)times(1000, 100000);
    while (forks < most && !is_child) use(64);
    if (!is_child) CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    for (int i = 0; i < 5; i++) use(64);
    if (is_child) _exit(0);
    counted((size_t)forks, "forks in a handler");
    return 0;
}
