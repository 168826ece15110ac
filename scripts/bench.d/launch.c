/*
 * launch RESULT TOUCH_MIB PRIORITY LIBRARY PROGRAM ARGUMENT...
 *
 * Runs a program with LIBRARY ("" for none) preloaded and writes what it used to the file RESULT, in one line:
 * wall, user and system seconds, peak resident KiB, minor faults, wait status, and whether the priority was had.
 *
 * A process's peak resident size starts with that of whoever forks it, so this tiny program does and not the driver.
 * TOUCH_MIB are written and given back first: a host that took free pages from a virtual machine returns them then,
 * and not while the program is measured.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* In a child, so that this process stays small. */
static void touch(size_t bytes)
{
	pid_t child = bytes ? fork() : -1;
	if (child == 0) {
		char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p != MAP_FAILED) {
			madvise(p, bytes, MADV_HUGEPAGE);
			for (size_t at = 0; at < bytes; at += 4096)
				((volatile char *)p)[at] = 1;
		}
		_exit(0);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
}

int main(int argc, char **argv)
{
	struct rusage used;
	int status, had;
	double begin, wall;
	pid_t child;
	FILE *result;
	if (argc < 6)
		return fprintf(stderr, "launch: too few arguments\n"), 2;
	touch((size_t)atol(argv[2]) << 20);
	had = atoi(argv[3]) == 0 || setpriority(PRIO_PROCESS, 0, atoi(argv[3])) == 0;
	begin = now();
	child = fork();
	if (child == 0) {
		if (*argv[4])
			setenv("LD_PRELOAD", argv[4], 1);
		execvp(argv[5], argv + 5);
		fprintf(stderr, "%s: %s\n", argv[5], strerror(errno));
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &used) != child)
		return perror("launch"), 2;
	wall = now() - begin;
	result = fopen(argv[1], "w");
	if (result == NULL)
		return perror(argv[1]), 2;
	fprintf(result, "%f %f %f %ld %ld %d %d\n", wall, seconds(used.ru_utime), seconds(used.ru_stime), used.ru_maxrss,
		used.ru_minflt, status, had);
	return fclose(result) == 0 ? 0 : 2;
}
