/*
 * sharing active|passive THREADS OBJECTS WRITES: threads write to small blocks of their own; slow if an allocator puts
 * blocks of two threads into one cache line.
 *
 * active: each thread allocates its blocks. passive: the main thread made the first ones, next to each other, and gave
 * them to the threads, which free them and allocate: are the pieces of a shared line handed out again?
 */
#include "bench.h"
#include <pthread.h>

static size_t objects, writes;

static void *work(void *given)
{
	free(given);
	for (size_t i = 0; i < objects; i++) {
		volatile char *p = filled(malloc(8), 8, 0);
		for (size_t j = 0; j < writes; j++)
			p[j % 8]++;
		if (p[0] != (char)((writes + 7) / 8))
			fail("a write was lost");
		free((void *)p);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const char *usage = "active|passive THREADS OBJECTS WRITES";
	size_t threads = number(argc, argv, 2, usage);
	int passive = strcmp(argv[1], "passive") == 0;
	pthread_t thread[64];
	void *given[64] = { 0 };
	if (threads > 64)
		fail("too many threads");
	objects = number(argc, argv, 3, usage);
	writes = number(argc, argv, 4, usage);
	for (size_t t = 0; t < threads && passive; t++)
		given[t] = malloc(8);
	for (size_t t = 0; t < threads; t++)
		if (pthread_create(&thread[t], NULL, work, given[t]) != 0)
			fail("pthread_create");
	for (size_t t = 0; t < threads; t++)
		pthread_join(thread[t], NULL);
	printf("ops %zu\n", threads * objects);
	return 0;
}
