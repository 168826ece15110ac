/*
 * The three smallest workloads: one block, a batch, random replacement.
 *
 * micro pair | batch | random LIVE     prints nanoseconds of CPU time for one malloc and one free
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uint64_t next_random(void)
{
	static uint64_t state = 88172645463325252u;
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* A compiler may drop a pair of calls whose result it can follow. */
static void *hide(void *p)
{
	__asm__ volatile("" : "+r"(p) : : "memory");
	return p;
}

static double pair(void)
{
	const long count = 20000000;
	double begin = now();
	for (long i = 0; i < count; i++)
		free(hide(malloc(48)));
	return (now() - begin) / (double)count;
}

static double batch(void)
{
	static void *block[1000];
	const long rounds = 15000;
	double begin = now();
	for (long r = 0; r < rounds; r++) {
		for (int i = 0; i < 1000; i++)
			block[i] = hide(malloc(64));
		for (int i = 0; i < 1000; i++)
			free(block[i]);
	}
	return (now() - begin) / (double)(rounds * 1000);
}

static double replace(size_t live)
{
	const long count = 5000000;
	void **block = calloc(live, sizeof *block);
	double begin;
	for (size_t i = 0; i < live; i++)
		block[i] = malloc(16 + next_random() % 128);
	begin = now();
	for (long i = 0; i < count; i++) {
		size_t at = next_random() % live;
		free(block[at]);
		block[at] = hide(malloc(16 + next_random() % 128));
	}
	return (now() - begin) / (double)count;
}

int main(int argc, char **argv)
{
	double result;
	if (argc == 2 && strcmp(argv[1], "pair") == 0)
		result = pair();
	else if (argc == 2 && strcmp(argv[1], "batch") == 0)
		result = batch();
	else if (argc == 3 && strcmp(argv[1], "random") == 0 && atol(argv[2]) > 0)
		result = replace((size_t)atol(argv[2]));
	else
		return fprintf(stderr, "usage: micro pair | batch | random LIVE\n"), 2;
	printf("%.2f\n", result);
	return 0;
}
