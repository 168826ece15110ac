/* aligned LIVE OPS: random replacement of blocks aligned to 16 … 4096 bytes. */
#include "bench.h"

int main(int argc, char **argv)
{
	size_t live = number(argc, argv, 1, "LIVE OPS"), ops = number(argc, argv, 2, "LIVE OPS");
	void **block = calloc(live, sizeof *block);
	uint64_t state = seed_of(4);
	for (size_t i = 0; i < ops; i++) {
		size_t at = next_random(&state) % live;
		/* Half as likely for each doubling: cache lines are frequent, pages rare. */
		size_t alignment = (size_t)16 << __builtin_ctzll(next_random(&state) | 256);
		size_t size = random_size(&state, 16, 1024);
		free(block[at]);
		if (posix_memalign(&block[at], alignment, size) != 0)
			fail("out of memory");
		if ((uintptr_t)block[at] % alignment != 0)
			fail("a block is not aligned");
		filled(block[at], size, 1);
	}
	for (size_t i = 0; i < live; i++)
		free(block[i]);
	printf("ops %zu\n", ops);
	return 0;
}
