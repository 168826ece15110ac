// show=1 and stats=1 in a program that closes all descriptors and then opens files of its own, which get the numbers of those
// that the library kept: nothing is written there.
// env: FT_MALLOC=show=1,stats=1
// glibc: no, it has no such options
#include "check.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

int main(void) {
    struct stat info;
    int file = memfd_create("data", 0);
    CHECK(file >= 0 && dup2(file, 900) == 900);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        for (int i = 0; i < 900; i++) close(i);
        for (int i = 0; i < 200; i++) CHECK(dup(900) == i);
        CHECK(write(150, "data", 4) == 4);
        exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(fstat(900, &info) == 0 && info.st_size == 4);
    _exit(0);
}
