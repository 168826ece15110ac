// Freed before fork, freed again in the child; the child's status is ours.
#include "misuse.h"

int main(void) {
    int status = 0;
    void *keep = hide(malloc(42)), *p = hide(malloc(42));
    misuse(p, p);
    free(p);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        free(hide(p));
        went_on();
        free(keep);
        _exit(alive());
    }
    CHECK(waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status)) {
        signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
    }
    return WEXITSTATUS(status);
}
