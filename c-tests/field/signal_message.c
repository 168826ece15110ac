// A signal handler in the middle of malloc makes the allocator complain: the message takes no lock and no memory
// (gperftools#1094, jemalloc#1224), so the program goes on. Handlers also ask for the usable size of their own block.
// glibc: no, it aborts
#include "../check.h"
#include <signal.h>
#include <sys/time.h>

static volatile int handled;
static void *block;

static void on_alarm(int number) {
    char local[64];
    (void)number;
    free(hide(local)); // foreign
    free(hide((char *)block + 16)); // interior
    if (malloc_usable_size(block) < 100) _exit(1);
    handled++;
}

int main(void) {
    char path[] = "/tmp/c-tests-signal-XXXXXX";
    static char text[1 << 26];
    int err = dup(2), file = mkstemp(path), lines = 0;
    CHECK(file >= 0 && unlink(path) == 0);
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    const int every = (int)times(1000, 100); // microseconds
    struct itimerval often = {{0, every}, {0, every}}, never = {{0, 0}, {0, 0}};
    uint64_t state = 8;
    void *p[64] = {0};
    block = malloc(100);
    fill(block, 100, 1);
    dup2(file, 2);
    CHECK(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &often, NULL) == 0);
    const int signals = (int)times(300, 200000);
    while (handled < signals) {
        size_t slot = rnd(&state) % 64;
        free(p[slot]);
        p[slot] = malloc(rnd_size(&state, 20)); // LARGE ones: the page heap's lock is held often
        CHECK(p[slot] != NULL);
    }
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    dup2(err, 2);
    ssize_t length = pread(file, text, sizeof text - 1, 0);
    for (ssize_t i = 0; i < length; i++) lines += text[i] == '\n';
    CHECK(lines == 2 * handled && strstr(text, "foreign pointer") && strstr(text, "interior pointer, 16 bytes"));
    CHECK(holds(block, 100, 1));
    for (int i = 0; i < 64; i++) free(p[i]);
    counted((size_t)handled, "signals");
    return 0;
}
