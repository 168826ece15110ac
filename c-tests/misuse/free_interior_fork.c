// A pointer to the middle of a block that came before fork, freed in the child; the child's status is ours.
#include "misuse.h"

int main(void) {
    int status = 0;
    void *p = hide(malloc(42));
    fill(p, 42, 1);
    misuse(at(p, 16), p);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        free(at(p, 16));
        went_on();
        CHECK(holds(p, 42, 1));
        free(p);
        _exit(alive());
    }
    CHECK(waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status)) {
        signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
    }
    return WEXITSTATUS(status);
}
