/*
 * drift STEPS LIVE_MIB: a long-running server. Each step allocates one object, whose lifetime is drawn from a mixture
 * (most die at once, some with their request, a few live long); sizes and lifetimes drift over time.
 *
 * Prints 16 samples of resident over live bytes (`sample1` …) and their maximum and last value (`worst`, `last`).
 */
#include "bench.h"

enum { BUCKETS = 1 << 16, SAMPLES = 16 };
/* Objects wait in the bucket of the step (by its low bits) at which they die; `next` links them. */
struct object {
	struct object *next;
	uint32_t size, rounds;
};
static struct object *bucket[BUCKETS];
static size_t live, objects;

int main(int argc, char **argv)
{
	size_t steps = number(argc, argv, 1, "STEPS LIVE_MIB"), target = number(argc, argv, 2, "STEPS LIVE_MIB") << 20;
	uint64_t state = seed_of(6);
	double worst = 0, ratio = 0;
	size_t base = resident();
	for (size_t step = 0; step < steps; step++) {
		size_t era = step / (steps / 8 + 1), lifetime;
		uint64_t r = next_random(&state);
		/* The frequent sizes move: each of eight eras has a range of its own. */
		size_t low = (size_t)24 << era % 4, size = random_size(&state, low, low * (era % 2 ? 64 : 6));
		struct object *o, **dying;
		/* Not more than the target: then everything is short-lived for a while. */
		if (r % 100 < 70 || live > target)
			lifetime = 1 + (r >> 8) % 100;
		else if (r % 100 < 95)
			lifetime = 1 + (r >> 8) % (BUCKETS - 1);
		else
			lifetime = (r >> 8) % ((size_t)BUCKETS << (4 + era % 3)) + 1;
		o = malloc(size);
		if (o == NULL)
			fail("out of memory");
		memset(o, 1, size);
		o->size = (uint32_t)size;
		o->rounds = (uint32_t)(lifetime / BUCKETS);
		dying = &bucket[(step + lifetime) % BUCKETS];
		o->next = *dying;
		*dying = o;
		live += size;
		objects++;

		for (struct object **at = &bucket[step % BUCKETS]; (o = *at) != NULL;) {
			if (o->rounds > 0) {
				o->rounds--;
				at = &o->next;
				continue;
			}
			*at = o->next;
			live -= o->size;
			objects--;
			free(o);
		}
		if ((step + 1) % (steps / SAMPLES) == 0) {
			ratio = (double)(resident() - base) / (double)live;
			worst = ratio > worst ? ratio : worst;
			printf("sample%zu %.3f\n", (step + 1) / (steps / SAMPLES), ratio);
		}
	}
	printf("worst %.3f\nlast %.3f\nops %zu\n", worst, ratio, steps);
	return 0;
}
