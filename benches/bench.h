/*
 * What the workloads share: random numbers, a clock, the resident size, and a fill that shows overlapping blocks.
 *
 * Every workload takes its parameters on the command line, does a fixed amount of work, checks its own results (exit
 * status 1 and a line on stderr if they are wrong) and prints lines of the form `name value`; `ops N` is the number
 * of operations that its CPU time is divided by.
 */
#ifndef BENCH_H
#define BENCH_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* xorshift64: the same sequence on every machine; the state must not be 0. */
static inline uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static inline uint64_t seed_of(uint64_t number)
{
	return 88172645463325252u + number * 0x9e3779b97f4a7c15u;
}

/* From min to max, each doubling equally likely: small sizes are the frequent ones, as in programs. */
static inline size_t random_size(uint64_t *state, size_t min, size_t max)
{
	uint64_t r = next_random(state);
	unsigned doublings = 0;
	size_t low, size;
	while (min << (doublings + 1) <= max)
		doublings++;
	low = min << (r >> 40) % (doublings + 1);
	size = low + (r & 0xffffffff) % low;
	return size > max ? max : size;
}

static inline double seconds(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

#define CPU CLOCK_PROCESS_CPUTIME_ID
#define WALL CLOCK_MONOTONIC

__attribute__((noreturn)) static inline void fail(const char *what)
{
	fprintf(stderr, "failed: %s\n", what);
	exit(1);
}

/* The block, with its first and last bytes written; the compiler cannot follow where it came from. */
static inline void *filled(void *p, size_t size, unsigned char mark)
{
	__asm__ volatile("" : "+r"(p) : : "memory");
	if (p == NULL)
		fail("out of memory");
	((unsigned char *)p)[0] = mark;
	((unsigned char *)p)[size - 1] = mark;
	return p;
}

static inline void check_filled(const void *p, size_t size, unsigned char mark)
{
	if (((const unsigned char *)p)[0] != mark || ((const unsigned char *)p)[size - 1] != mark)
		fail("a block changed while it was live");
}

/* Resident bytes of this process. Allocates nothing, which would wake an allocator that is being watched idle. */
static inline size_t resident(void)
{
	char text[128];
	unsigned long total, pages;
	int file = open("/proc/self/statm", O_RDONLY);
	ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
	if (file >= 0)
		close(file);
	text[length < 0 ? 0 : length] = 0;
	if (sscanf(text, "%lu %lu", &total, &pages) != 2)
		return 0;
	return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* The n-th argument as a number; prints the usage and leaves if it is missing or not positive. */
static inline size_t number(int argc, char **argv, int n, const char *usage)
{
	long value = n < argc ? atol(argv[n]) : 0;
	if (value <= 0) {
		fprintf(stderr, "usage: %s %s\n", argv[0], usage);
		exit(2);
	}
	return (size_t)value;
}

#endif
