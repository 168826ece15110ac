/*
 * random LIVE MIN MAX OPS: among LIVE blocks, a random one is freed and replaced, OPS times.
 *
 * `ns` is the CPU time of one replacement, without the time to allocate the first LIVE blocks.
 */
#include "bench.h"

struct entry {
	void *block;
	uint32_t size;
	unsigned char mark;
};

static void put(struct entry *e, uint64_t *state, size_t min, size_t max)
{
	e->size = (uint32_t)random_size(state, min, max);
	e->mark = (unsigned char)*state;
	e->block = filled(malloc(e->size), e->size, e->mark);
}

int main(int argc, char **argv)
{
	const char *usage = "LIVE MIN MAX OPS";
	size_t live = number(argc, argv, 1, usage), min = number(argc, argv, 2, usage);
	size_t max = number(argc, argv, 3, usage), ops = number(argc, argv, 4, usage);
	struct entry *entry = malloc(live * sizeof *entry);
	uint64_t state = seed_of(live);
	double begin;

	for (size_t i = 0; i < live; i++)
		put(&entry[i], &state, min, max);
	begin = seconds(CPU);
	for (size_t i = 0; i < ops; i++) {
		struct entry *e = &entry[next_random(&state) % live];
		check_filled(e->block, e->size, e->mark);
		free(e->block);
		put(e, &state, min, max);
	}
	printf("ns %.3f\n", (seconds(CPU) - begin) * 1e9 / (double)ops);
	printf("ops %zu\n", ops + live);
	return 0;
}
