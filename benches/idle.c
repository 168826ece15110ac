/*
 * idle MIB SURVIVORS SECONDS: MIB of small blocks are freed but for SURVIVORS in a thousand (0: all); then SECONDS
 * pass without a call; then malloc_trim(0), where there is one.
 *
 * Prints resident bytes, less those before the first block: `peak`, `freed`, `idle`, `trimmed`; `needed`, what the
 * survivors' pages come to (a page is needed if a survivor has a byte in it).
 */
#include "bench.h"
#include <malloc.h>

static int by_address(const void *a, const void *b)
{
	uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;
	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	const char *usage = "MIB SURVIVORS SECONDS";
	size_t bytes = number(argc, argv, 1, usage) << 20, idle = number(argc, argv, 3, usage), kept = 0, needed = 0;
	uint64_t survivors = (uint64_t)atol(argv[2]), state = seed_of(7);
	size_t count = bytes / 80 + 1, base;
	uintptr_t *block = malloc(count * sizeof *block), *page = malloc(count / 10 * sizeof *page), last = 0;
	memset(block, 0, count * sizeof *block);
	memset(page, 1, count / 10 * sizeof *page);
	base = resident();
	for (size_t i = 0; i < count; i++) {
		size_t size = 16 + next_random(&state) % 129;
		block[i] = (uintptr_t)memset(filled(malloc(size), size, 1), 1, size);
	}
	printf("peak %zu\n", resident() - base);
	for (size_t i = 0; i < count; i++) {
		if (next_random(&state) % 1000 < survivors && kept < count / 10)
			page[kept++] = block[i] >> 12;
		else
			free((void *)block[i]);
	}
	printf("freed %zu\n", resident() > base ? resident() - base : 0);
	fflush(stdout);
	sleep((unsigned)idle);
	printf("idle %zu\n", resident() > base ? resident() - base : 0);
	malloc_trim(0);
	printf("trimmed %zu\n", resident() > base ? resident() - base : 0);
	qsort(page, kept, sizeof *page, by_address);
	for (size_t i = 0; i < kept; i++) {
		needed += page[i] != last;
		last = page[i];
	}
	printf("needed %zu\n", needed << 12);
	return 0;
}
