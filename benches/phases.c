/*
 * phases BLOCKS PHASES: in each phase BLOCKS blocks of one size are made and 99 % of them freed, at random; the next
 * phase uses another size. Can the memory of one size serve another?
 */
#include "bench.h"

int main(int argc, char **argv)
{
	static const size_t sizes[] = { 48, 208, 96, 640, 32, 320, 144, 1024 };
	size_t blocks = number(argc, argv, 1, "BLOCKS PHASES"), phases = number(argc, argv, 2, "BLOCKS PHASES");
	void **block = malloc(blocks * sizeof *block);
	uint64_t state = seed_of(5);
	for (size_t phase = 0; phase < phases; phase++) {
		size_t size = sizes[phase % 8];
		for (size_t i = 0; i < blocks; i++)
			block[i] = memset(filled(malloc(size), size, 1), (int)phase, size);
		/* Survivors stay until the end. */
		for (size_t i = 0; i < blocks; i++) {
			check_filled(block[i], size, (unsigned char)phase);
			if (next_random(&state) % 100 != 0)
				free(block[i]);
		}
	}
	printf("ops %zu\n", blocks * phases);
	return 0;
}
