// Running this program once more with other options and reading what it prints.
#ifndef AGAIN_H
#define AGAIN_H

#include "check.h"
#include <sys/wait.h>

// Runs `path` with the arguments "again" and `what`, or "again" alone, and FT_MALLOC set; gives its wait status, and stdout and
// stderr in `text`.
static inline int run_again_as(const char *path, const char *options, const char *what, char *text, size_t room) {
    int end[2], status = 0;
    size_t length = 0;
    CHECK(pipe(end) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        dup2(end[1], 1);
        dup2(end[1], 2);
        setenv("FT_MALLOC", options, 1);
        execl(path, path, "again", what, (char *)NULL);
        _exit(126);
    }
    close(end[1]);
    for (ssize_t got; (got = read(end[0], text + length, room - 1 - length)) > 0;) length += (size_t)got;
    text[length] = '\0';
    close(end[0]);
    CHECK(waitpid(child, &status, 0) == child);
    return status;
}

// The same without an argument of its own.
static inline int run_again(const char *path, const char *options, char *text, size_t room) {
    return run_again_as(path, options, NULL, text, room);
}

#endif
