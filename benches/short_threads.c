/* short_threads COUNT AT_ONCE: COUNT threads in all, AT_ONCE at a time, each of which allocates, frees and ends. */
#include "bench.h"
#include <pthread.h>

enum { BLOCKS = 20 };

static void *work(void *number_)
{
	uint64_t state = seed_of((uintptr_t)number_);
	void *block[BLOCKS];
	size_t size[BLOCKS];
	for (int i = 0; i < BLOCKS; i++) {
		size[i] = random_size(&state, 16, 1024);
		block[i] = filled(malloc(size[i]), size[i], (unsigned char)i);
	}
	for (int i = 0; i < BLOCKS - 1; i++) {
		check_filled(block[i], size[i], (unsigned char)i);
		free(block[i]);
	}
	return block[BLOCKS - 1]; /* freed by the main thread, when this one is dead */
}

int main(int argc, char **argv)
{
	size_t count = number(argc, argv, 1, "COUNT AT_ONCE");
	size_t at_once = number(argc, argv, 2, "COUNT AT_ONCE");
	pthread_t *thread = calloc(at_once, sizeof *thread);
	for (size_t n = 0; n < count; n += at_once) {
		for (size_t t = 0; t < at_once; t++)
			if (pthread_create(&thread[t], NULL, work, (void *)(uintptr_t)(n + t)) != 0)
				fail("pthread_create");
		for (size_t t = 0; t < at_once; t++) {
			void *block;
			pthread_join(thread[t], &block);
			free(block);
		}
	}
	printf("ops %zu\n", (count + at_once - 1) / at_once * at_once);
	return 0;
}
