// A misuse that is found in the midst of a change ends the process, even if its SIGABRT handler would allocate.
// env: FT_MALLOC=secure
// status: 134
// stderr: ^ft_malloc: free\(0x[0-9a-f]+\): write to a free 30720-byte block \(MEDIUM\)$
// glibc: no, the option is the library's
#include "check.h"
#include <pthread.h>
#include <signal.h>

static char *block;

static void report(int signal_number) {
    for (size_t i = 0; i < 100; i++) CHECK(malloc(20000 + i) && malloc(i * 10));
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

// Its zone is nobody's when the thread has ended.
static void *work(void *unused) {
    CHECK((block = malloc(30000)) != NULL);
    return unused;
}

int main(void) {
    static void *other[600];
    pthread_t thread;
    alarm(10);
    CHECK(signal(SIGABRT, report) != SIG_ERR);
    CHECK(pthread_create(&thread, NULL, work, NULL) == 0 && pthread_join(thread, NULL) == 0);
    free(hide(block));
    ((volatile char *)hide(block))[100] = 1;
    // Until it has left the quarantine (each block that comes in takes one of 128 places), and somebody looks for a zone.
    for (int round = 0; round < 6; round++) {
        for (size_t i = 0; i < 600; i++) CHECK((other[i] = malloc(4000)) != NULL);
        for (size_t i = 0; i < 600; i++) free(other[i]);
    }
    for (size_t i = 0; i < 100; i++) CHECK(malloc(100 + i * 300));
    return 1;
}
