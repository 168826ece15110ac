/*
 * server THREADS GENERATIONS LIVE OPS: a thread replaces random blocks of its table, then ends and hands the table to
 * a new thread. So most blocks are freed by another thread than the one, by then dead, that allocated them.
 */
#include "bench.h"
#include <pthread.h>

struct slot {
	pthread_t thread;
	unsigned char **block;
	uint32_t *size;
	uint64_t state;
};
static size_t live, ops;

static void put(struct slot *s, size_t at)
{
	s->size[at] = (uint32_t)random_size(&s->state, 16, 512);
	s->block[at] = filled(malloc(s->size[at]), s->size[at], (unsigned char)at);
}

static void *serve(void *argument)
{
	struct slot *s = argument;
	for (size_t i = 0; i < ops; i++) {
		size_t at = next_random(&s->state) % live;
		check_filled(s->block[at], s->size[at], (unsigned char)at);
		free(s->block[at]);
		put(s, at);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const char *usage = "THREADS GENERATIONS LIVE OPS";
	size_t threads = number(argc, argv, 1, usage), generations = number(argc, argv, 2, usage);
	struct slot *slot = calloc(threads, sizeof *slot);
	double begin;
	live = number(argc, argv, 3, usage);
	ops = number(argc, argv, 4, usage);

	for (size_t t = 0; t < threads; t++) {
		slot[t].block = calloc(live, sizeof *slot[t].block);
		slot[t].size = calloc(live, sizeof *slot[t].size);
		slot[t].state = seed_of(t);
		for (size_t i = 0; i < live; i++)
			put(&slot[t], i);
	}
	begin = seconds(WALL);
	for (size_t g = 0; g < generations; g++) {
		for (size_t t = 0; t < threads; t++)
			if (pthread_create(&slot[t].thread, NULL, serve, &slot[t]) != 0)
				fail("pthread_create");
		for (size_t t = 0; t < threads; t++)
			pthread_join(slot[t].thread, NULL);
	}
	printf("rate %.0f\n", (double)(threads * generations * ops) / (seconds(WALL) - begin));
	printf("ops %zu\n", threads * generations * ops);
	return 0;
}
