/* batch ROUNDS BLOCKS SIZE: BLOCKS allocated, then all freed in the same order, ROUNDS times. */
#include "bench.h"

int main(int argc, char **argv)
{
	const char *usage = "ROUNDS BLOCKS SIZE";
	size_t rounds = number(argc, argv, 1, usage);
	size_t blocks = number(argc, argv, 2, usage);
	size_t size = number(argc, argv, 3, usage);
	void **block = malloc(blocks * sizeof *block);
	for (size_t r = 0; r < rounds; r++) {
		for (size_t i = 0; i < blocks; i++)
			block[i] = filled(malloc(size), size, (unsigned char)i);
		for (size_t i = 0; i < blocks; i++) {
			check_filled(block[i], size, (unsigned char)i);
			free(block[i]);
		}
	}
	free(block);
	printf("ops %zu\n", rounds * blocks);
	return 0;
}
