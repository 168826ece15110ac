// The detection rate of sample_guard=N agrees with 1 - (1 - 1/N)^faults, over programs with other seeds each.
// glibc: no, the options are the library's
// emulator: no, it starts itself again
#include "again.h"
#include <signal.h>

enum { ONE_IN = 40, FAULTS = 30, PROGRAMS = 300 };

int main(int argc, char **argv) {
    (void)argv;
    if (argc > 1) {
        for (int i = 0; i < FAULTS; i++) {
            volatile char *p = hide(malloc(48));
            free((void *)p);
            p[3] = 1; // of an ordinary block: written to and never seen
        }
        return 0;
    }
    static char text[20000];
    int found = 0;
    double missed = 1, expected, bound = 0;
    for (int i = 0; i < FAULTS; i++) missed *= 1 - 1.0 / ONE_IN;
    expected = PROGRAMS * (1 - missed);
    // Four standard deviations: the seeds are fixed, so this was so once and for all.
    while (bound * bound < 16 * PROGRAMS * missed * (1 - missed)) bound += 0.5;
    for (int seed = 1; seed <= PROGRAMS; seed++) {
        char options[100];
        snprintf(options, sizeof options, "sample_guard=%d,seed=%d", ONE_IN, seed);
        int status = run_again("/proc/self/exe", options, text, sizeof text);
        CHECK(WIFSIGNALED(status) ? WTERMSIG(status) == SIGSEGV : WEXITSTATUS(status) == 0);
        CHECK(WIFSIGNALED(status) == (strstr(text, "use after free, 3 bytes into a freed 48-byte block") != NULL));
        found += WIFSIGNALED(status);
    }
    snprintf(text, sizeof text, "%d of %d found, %.1f expected, at most %.1f off\n", found, PROGRAMS, expected, bound);
    say(text);
    CHECK(found > expected - bound && found < expected + bound);
    return 0;
}
