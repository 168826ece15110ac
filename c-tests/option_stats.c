// stats=1 prints malloc_stats to stderr at exit, also when the program leaves by exit in a thread's presence.
// env: FT_MALLOC=stats=1
// glibc: no, the options are the library's
#include "check.h"
#include <sys/wait.h>

int main(int argc, char **argv) {
    if (argc > 1) return hide(malloc(1000000)) == NULL; // the child whose stderr is read
    char text[20000] = {0};
    int end[2], status = 0;
    CHECK(pipe(end) == 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(end[1], 2);
        execl("/proc/self/exe", argv[0], "child", (char *)NULL);
        _exit(1);
    }
    close(end[1]);
    size_t length = 0;
    for (ssize_t got; (got = read(end[0], text + length, sizeof text - 1 - length)) > 0;) length += (size_t)got;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    char *at = strstr(text, "requested");
    CHECK(at != NULL && strtoul(at + strcspn(at, "0123456789"), NULL, 10) >= 1000000);
    return 0;
}
