// A set-user-ID program (AT_SECURE) does not take orders from its environment: FT_MALLOC is not read there.
// mode: static
// glibc: no, the options are the library's
// emulator: no, it starts itself again
#include "again.h"
#include <sys/auxv.h>
#include <sys/stat.h>

int main(int argc, char **argv) {
    (void)argv;
    if (argc > 1) {
        if (getauxval(AT_SECURE) == 0) _exit(77);
        void *p = hide(malloc(42));
        free(hide((char *)p + 1));
        free(p);
        return 0;
    }
    static char text[20000];
    char path[] = "/tmp/c-tests-secure-XXXXXX", bytes[65536];
    int status, from = open("/proc/self/exe", O_RDONLY), to = mkstemp(path);
    CHECK(from >= 0 && to >= 0);
    for (ssize_t got; (got = read(from, bytes, sizeof bytes)) > 0;) CHECK(write(to, bytes, (size_t)got) == got);
    if (fchown(to, 65534, 65534) != 0 || fchmod(to, 04755) != 0) {
        unlink(path);
        skip("only root can make a set-user-ID copy for another user");
    }
    close(to);
    status = run_again(path, "on_error=abort,foo=1", text, sizeof text);
    unlink(path);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) skip("set-user-ID has no effect in /tmp here");
    CHECK(status == 0); // not SIGABRT
    CHECK(strstr(text, "unaligned pointer") && !strstr(text, "unknown option"));
    return 0;
}
