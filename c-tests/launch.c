// launch [-t seconds] [-o stdout] [-e stderr] [-r report] [-E NAME=value]... program [argument]...
// Runs one test program in a process group of its own and writes "status minor-faults" to the report. The status is the
// shell's: 128 + signal for a killed program, 124 when the time is over (then the whole group is killed).
// -E sets a variable for the program only, so that a library under test is not preloaded into the launcher as well.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile pid_t child;
static volatile sig_atomic_t late;

static void on_alarm(int signal) {
    (void)signal;
    late = 1;
    kill(-child, SIGKILL);
}

static void redirect(const char *path, int to) {
    int fd = open(path, to == 0 ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0 || dup2(fd, to) < 0) { perror(path); _exit(126); }
    close(fd);
}

int main(int argc, char **argv) {
    const char *out = NULL, *err = NULL, *report = NULL;
    char *set[32];
    int count = 0, option, status = 0;
    unsigned seconds = 30;
    struct rlimit no_core = {0, 0};
    struct rusage usage;
    while ((option = getopt(argc, argv, "+t:o:e:r:E:")) != -1) {
        if (option == 't') seconds = (unsigned)atoi(optarg);
        else if (option == 'o') out = optarg;
        else if (option == 'e') err = optarg;
        else if (option == 'r') report = optarg;
        else if (option == 'E' && count < 32) set[count++] = optarg;
        else return 125;
    }
    if (optind >= argc) return 125;
    child = fork();
    if (child == 0) {
        setpgid(0, 0);
        setrlimit(RLIMIT_CORE, &no_core);
        redirect("/dev/null", 0);
        if (out) redirect(out, 1);
        if (err) redirect(err, 2);
        for (int i = 0; i < count; i++) putenv(set[i]);
        execv(argv[optind], argv + optind);
        perror(argv[optind]);
        _exit(126);
    }
    signal(SIGALRM, on_alarm);
    alarm(seconds);
    while (wait4(child, &status, 0, &usage) < 0) {}
    alarm(0);
    kill(-child, SIGKILL);
    status = late ? 124 : WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    FILE *file = report ? fopen(report, "w") : stdout;
    if (!file) return 125;
    fprintf(file, "%d %ld\n", status, usage.ru_minflt);
    return fclose(file) == 0 ? 0 : 125;
}
