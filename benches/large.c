/*
 * large MIN MAX LIVE OPS calloc|malloc: random replacement among LIVE large blocks; the first byte of every page is
 * written, or, with calloc, every page is seen to be zero and one is written.
 */
#include "bench.h"

int main(int argc, char **argv)
{
	const char *usage = "MIN MAX LIVE OPS calloc|malloc";
	size_t min = number(argc, argv, 1, usage), max = number(argc, argv, 2, usage);
	size_t live = number(argc, argv, 3, usage), ops = number(argc, argv, 4, usage);
	int zeroed = argc > 5 && strcmp(argv[5], "calloc") == 0;
	unsigned char **block = calloc(live, sizeof *block);
	uint64_t state = seed_of(3);
	for (size_t i = 0; i < ops; i++) {
		size_t at = next_random(&state) % live;
		size_t size = min + next_random(&state) % (max - min + 1);
		free(block[at]);
		block[at] = zeroed ? calloc(1, size) : malloc(size);
		if (block[at] == NULL)
			fail("out of memory");
		for (size_t page = 0; page < size; page += 4096) {
			if (!zeroed)
				block[at][page] = 1;
			else if (block[at][page] != 0)
				fail("calloc gave a byte that is not zero");
		}
		block[at][next_random(&state) % size] = 1;
	}
	for (size_t i = 0; i < live; i++)
		free(block[i]);
	printf("ops %zu\n", ops);
	return 0;
}
