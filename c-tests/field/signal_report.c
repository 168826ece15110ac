// A signal handler asks for reports while the program is in the midst of malloc and free: it gets them, or the answer
// that it cannot have one now, and never waits for a lock that the interrupted call holds.
// glibc: no, it waits for itself
#include "../check.h"
#include <signal.h>
#include <sys/time.h>

static volatile size_t handled;
static void *block;

static void on_alarm(int number) {
    (void)number;
    switch (handled++ % 4) {
    case 0: show_alloc_mem(); break;
    case 1: malloc_stats(); break;
    case 2: CHECK(mallinfo2().uordblks < (1u << 30)); break;
    case 3: CHECK(malloc_usable_size(block) >= 100); break;
    }
}

int main(void) {
    const struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    const int every = (int)times(1000, 100); // microseconds
    const struct itimerval often = {{0, every}, {0, every}}, never = {{0, 0}, {0, 0}};
    const size_t signals = times(1000, 100000);
    int out = dup(1), err = dup(2), nowhere = open("/dev/null", O_WRONLY);
    uint64_t state = 8;
    void *p[64] = {0};
    CHECK((block = malloc(100)) != NULL && out >= 0 && err >= 0 && dup2(nowhere, 1) == 1 && dup2(nowhere, 2) == 2);
    CHECK(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &often, NULL) == 0);
    while (handled < signals) {
        size_t slot = rnd(&state) % 64;
        free(p[slot]);
        CHECK((p[slot] = malloc(rnd_size(&state, 20))) != NULL); // LARGE ones: the page heap's lock is held often
    }
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    CHECK(dup2(out, 1) == 1 && dup2(err, 2) == 2);
    for (int i = 0; i < 64; i++) free(p[i]);
    counted(signals, "signals whose handlers ask for reports");
    return 0;
}
