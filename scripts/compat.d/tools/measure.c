/*
 * Runs one command and appends "status user sys peak name" to a file: exit status, processor seconds
 * of the command and everything it started, the largest resident size any of them reached in KiB,
 * and the command's name.
 * Small and static, because a child's peak begins with the size of the process it was forked from.
 *
 *   measure -o FILE [-t SECONDS] [-k SIGNAL] [-e NAME=VALUE]... COMMAND [ARGUMENT]...
 *
 * -e sets a variable for the command alone. SIGTERM to measure sends SIGNAL (default SIGTERM) to the
 * command, whose death by that signal then counts as status 0; 20 seconds later it is killed. After
 * SECONDS the command is killed and the status is 124. When measure ends, nothing that the command
 * started is left, daemons included.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t child, timed_out, stopped;
static int stop_signal = SIGTERM;

static void on_stop(int signal)
{
    (void)signal;
    stopped = 1;
    alarm(20);
    if (child > 0)
        kill(child, stop_signal);
}

static void on_alarm(int signal)
{
    (void)signal;
    timed_out = 1;
    if (child > 0) {
        kill(-child, SIGKILL);
        kill(child, SIGKILL);
    }
}

/* Kills every process whose parent is this one; orphans are handed to us (child subreaper). */
static void kill_children(void)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;

    while (proc && (entry = readdir(proc))) {
        char path[300], line[512];
        int pid = atoi(entry->d_name), fd, parent;
        ssize_t length;
        char *state;

        if (pid <= 0)
            continue;
        snprintf(path, sizeof path, "/proc/%d/stat", pid);
        if ((fd = open(path, O_RDONLY)) < 0)
            continue;
        length = read(fd, line, sizeof line - 1);
        close(fd);
        if (length <= 0)
            continue;
        line[length] = 0;
        state = strrchr(line, ')');
        if (state && sscanf(state, ") %*c %d", &parent) == 1 && parent == getpid())
            kill(pid, SIGKILL);
    }
    if (proc)
        closedir(proc);
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
    const char *out = NULL;
    char *set[16];
    int option, sets = 0, limit = 0, status, code, i;
    struct sigaction action = {0};
    struct rusage usage;
    FILE *file;

    while ((option = getopt(argc, argv, "+o:t:k:e:")) != -1) {
        switch (option) {
        case 'o': out = optarg; break;
        case 't': limit = atoi(optarg); break;
        case 'k': stop_signal = atoi(optarg); break;
        case 'e': if (sets < 16) set[sets++] = optarg; break;
        default: return 125;
        }
    }
    if (!out || optind == argc)
        return 125;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    action.sa_handler = on_stop;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    action.sa_handler = on_alarm;
    sigaction(SIGALRM, &action, NULL);

    child = fork();
    if (child < 0)
        return 125;
    if (child == 0) {
        setpgid(0, 0);
        for (i = 0; i < sets; i++)
            putenv(set[i]);
        execvp(argv[optind], argv + optind);
        fprintf(stderr, "measure: %s: %s\n", argv[optind], strerror(errno));
        _exit(127);
    }
    alarm((unsigned)limit);
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return 125;
    alarm(0);
    for (;;) {
        kill_children();
        if (waitpid(-1, NULL, 0) < 0 && errno == ECHILD)
            break;
    }
    if (stopped && WIFSIGNALED(status) && WTERMSIG(status) == stop_signal)
        status = 0;
    code = timed_out ? 124 : WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    getrusage(RUSAGE_CHILDREN, &usage);
    if ((file = fopen(out, "a"))) {
        const char *slash = strrchr(argv[optind], '/');

        fprintf(file, "%d %.3f %.3f %ld %s\n", code, seconds(usage.ru_utime), seconds(usage.ru_stime),
                usage.ru_maxrss, slash ? slash + 1 : argv[optind]);
        fclose(file);
    }
    return code;
}
