/*
 * migrate THREADS LIVE OPS: threads keep short- and long-lived blocks of their own, and every eighth one migrates: it
 * is swapped for one in a table that all threads share, and whoever takes it out frees it.
 *
 * LIVE and OPS are totals, divided among the threads. `rate` is operations a second of elapsed time.
 */
#include "bench.h"
#include <pthread.h>
#include <stdatomic.h>

enum { SHARED = 4096, SHORT = 64 };
static _Atomic(size_t *) shared[SHARED];
static size_t live, ops;

/* The size is the first word of the block, so that whoever gets it can check its end. */
static size_t *make(uint64_t *state)
{
	size_t size = random_size(state, 16, 1024);
	size_t *p = filled(malloc(size), size, 0);
	p[0] = size;
	((unsigned char *)p)[size - 1] = (unsigned char)size;
	return p;
}

static void drop(size_t *p)
{
	if (p == NULL)
		return;
	if (((unsigned char *)p)[p[0] - 1] != (unsigned char)p[0])
		fail("a block changed while it was live");
	free(p);
}

static void *work(void *number_)
{
	uint64_t state = seed_of((uintptr_t)number_);
	size_t **kept = calloc(live, sizeof *kept), *recent[SHORT] = { 0 };
	for (size_t i = 0; i < ops; i++) {
		uint64_t r = next_random(&state);
		size_t *p = make(&state);
		if (r % 8 == 0) {
			drop(atomic_exchange(&shared[(r >> 8) % SHARED], p));
		} else if (r % 8 < 3) {
			drop(kept[(r >> 8) % live]);
			kept[(r >> 8) % live] = p;
		} else {
			drop(recent[i % SHORT]);
			recent[i % SHORT] = p;
		}
	}
	for (size_t i = 0; i < live; i++)
		drop(kept[i]);
	for (size_t i = 0; i < SHORT; i++)
		drop(recent[i]);
	free(kept);
	return NULL;
}

int main(int argc, char **argv)
{
	const char *usage = "THREADS LIVE OPS";
	size_t threads = number(argc, argv, 1, usage);
	pthread_t *thread = calloc(threads, sizeof *thread);
	double begin = seconds(WALL);
	live = number(argc, argv, 2, usage) / threads + 1;
	ops = number(argc, argv, 3, usage) / threads;
	for (size_t t = 0; t < threads; t++)
		if (pthread_create(&thread[t], NULL, work, (void *)(uintptr_t)t) != 0)
			fail("pthread_create");
	for (size_t t = 0; t < threads; t++)
		pthread_join(thread[t], NULL);
	for (size_t i = 0; i < SHARED; i++)
		drop(shared[i]);
	free(thread);
	printf("rate %.0f\n", (double)(ops * threads) / (seconds(WALL) - begin));
	printf("ops %zu\n", ops * threads);
	return 0;
}
