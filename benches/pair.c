/* pair COUNT SIZE: one block allocated and freed at once, COUNT times. */
#include "bench.h"

int main(int argc, char **argv)
{
	size_t count = number(argc, argv, 1, "COUNT SIZE");
	size_t size = number(argc, argv, 2, "COUNT SIZE");
	for (size_t i = 0; i < count; i++)
		free(filled(malloc(size), size, 1));
	printf("ops %zu\n", count);
	return 0;
}
