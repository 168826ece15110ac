/*
 * Random operations with checked contents, blocks handed from thread to thread.
 *
 * random_operations THREADS SECONDS [SEED [MISUSE]]
 *
 * Every block carries a pattern derived from its own number over its whole length (large blocks: both ends), so that
 * two blocks that overlap, a block handed out twice, or metadata in user memory shows as a wrong byte. A block may be
 * freed or resized by another thread than the one that allocated it. Threads end and are replaced all the time.
 * One operation in MISUSE (0: none) releases or resizes what is no live block; the library has to say so, in one line
 * each, which is for the caller to count. Prints the number of operations; exits 1 at the first wrong byte, alignment or
 * size.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 512
#define MAILBOXES 256
#define EDGE 256

struct block {
	unsigned char *start;
	size_t size;
	uint64_t number;
};

static _Atomic(struct block *) mailbox[MAILBOXES];
static atomic_ullong operations, numbers, misuses;
static unsigned misuse_rate;
static time_t deadline;

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void fail(const char *what, const struct block *b, size_t at)
{
	fprintf(stderr, "random_operations: %s: block %llu at %p, size %zu, byte %zu\n", what,
		(unsigned long long)b->number, (void *)b->start, b->size, at);
	_exit(1);
}

static unsigned char pattern(const struct block *b, size_t at)
{
	return (unsigned char)(b->number * 31 + at * 7 + (at >> 8) + 1);
}

/* Both ends of the block, or all of a small one. */
static void fill(const struct block *b)
{
	for (size_t i = 0; i < b->size && i < EDGE; i++)
		b->start[i] = pattern(b, i);
	for (size_t i = b->size > 2 * EDGE ? b->size - EDGE : EDGE; i < b->size; i++)
		b->start[i] = pattern(b, i);
}

static void check(const struct block *b, size_t size)
{
	for (size_t i = 0; i < size && i < EDGE; i++)
		if (b->start[i] != pattern(b, i))
			fail("wrong content", b, i);
	if (size < b->size)
		return;
	for (size_t i = b->size > 2 * EDGE ? b->size - EDGE : EDGE; i < b->size; i++)
		if (b->start[i] != pattern(b, i))
			fail("wrong content", b, i);
}

static size_t random_size(uint64_t *random)
{
	uint64_t r = next_random(random), s = next_random(random);
	switch (r % 64) {
	case 0: return s % (512 << 10);
	case 1: return s % 2000 == 0 ? s % (24 << 20) : s % 70000;
	case 2: case 3: case 4: case 5: return s % 33000;
	case 6: case 7: case 8: case 9: case 10: case 11: return s % 2000;
	default: return s % 200;
	}
}

static void allocate(struct block *b, uint64_t *random)
{
	uint64_t r = next_random(random);
	size_t align = 16;
	b->size = random_size(random);
	b->number = atomic_fetch_add_explicit(&numbers, 1, memory_order_relaxed);
	if (r % 16 == 0) {
		b->start = calloc(1, b->size);
		for (size_t i = 0; i < b->size; i += i < 4096 ? 1 : 509)
			if (b->start[i] != 0)
				fail("calloc not zero", b, i);
	} else if (r % 16 == 1) {
		align = (size_t)16 << (r >> 8) % 13;
		b->start = memalign(align, b->size);
	} else {
		b->start = malloc(b->size);
	}
	if (b->start == NULL)
		fail("no memory", b, 0);
	if ((uintptr_t)b->start % align != 0)
		fail("not aligned", b, align);
	if (malloc_usable_size(b->start) < b->size)
		fail("usable size too small", b, malloc_usable_size(b->start));
	fill(b);
}

static void resize(struct block *b, uint64_t *random)
{
	size_t old = b->size, size = random_size(random) + 1;
	unsigned char *moved;
	check(b, old);
	moved = realloc(b->start, size);
	if (moved == NULL)
		fail("no memory to resize", b, size);
	b->start = moved;
	b->size = size;
	for (size_t i = 0; i < (old < size ? old : size) && i < EDGE; i++)
		if (moved[i] != pattern(b, i))
			fail("content lost by realloc", b, i);
	fill(b);
}

static void release(struct block *b)
{
	check(b, b->size);
	free(b->start);
	b->start = NULL;
}

/* Gives a block away and takes the one that was in the box. The struct that carries it is on the heap as well. */
static void exchange(struct block *b, uint64_t *random)
{
	struct block *carrier = malloc(sizeof *carrier);
	*carrier = *b;
	carrier = atomic_exchange(&mailbox[next_random(random) % MAILBOXES], carrier);
	b->start = NULL;
	if (carrier != NULL) {
		*b = *carrier;
		free(carrier);
	}
}

/* Hides from the compiler what a pointer is. */
static void *hidden(void *pointer)
{
	void *volatile seen = pointer;
	return seen;
}

/* A block freed twice, while another one of its zone keeps that from being given back; false if it is not that near. */
static int free_twice(uint64_t *random)
{
	size_t size = next_random(random) % 120 + 1;
	char *twice = hidden(malloc(size)), *keeper = hidden(malloc(size));
	int near = (uintptr_t)twice >> 16 == (uintptr_t)keeper >> 16;
	free(hidden(twice));
	if (near)
		free(hidden(twice));
	free(keeper);
	return near;
}

/* No start of a live block: on the stack, static, in no page, not canonical, or inside `b`. */
static void *bad_pointer(const struct block *b, uint64_t *random)
{
	static char global[64];
	static _Thread_local char *stack;
	char local[64];
	uint64_t r = next_random(random), s = next_random(random);
	stack = hidden(local);
	switch (r % 5) {
	case 0: return stack + s % sizeof local;
	case 1: return global + s % sizeof global;
	case 2: return (void *)(uintptr_t)(s % 4096 + 1);
	case 3: return (void *)(uintptr_t)(s | 1ull << 63);
	default: return b->start + 1 + (b->size > 1 ? s % (b->size - 1) : 0);
	}
}

/* One bad call; `b`, a live block, stays as it is. */
static void misuse(const struct block *b, uint64_t *random)
{
	uint64_t r = next_random(random);
	if (r % 4 != 0 || !free_twice(random)) {
		void *bad = bad_pointer(b, random);
		if (r >> 8 & 1)
			free(hidden(bad));
		else if (realloc(hidden(bad), r >> 9 & 1023) != NULL)
			fail("a bad realloc gave a block", b, 0);
	}
	atomic_fetch_add_explicit(&misuses, 1, memory_order_relaxed);
}

static void *work(void *seed)
{
	static const unsigned rounds = 400000;
	uint64_t random = (uint64_t)(uintptr_t)seed * 0x9e3779b97f4a7c15u | 1;
	struct block *blocks = calloc(SLOTS, sizeof *blocks);
	unsigned long long done = 0;
	unsigned bias = 128;
	for (unsigned round = 0; round < rounds; round++) {
		struct block *b = &blocks[next_random(&random) % SLOTS];
		unsigned r = next_random(&random) % 256;
		if (round % 4096 == 0) {
			/* The number of live blocks drifts up and down. */
			bias = 32 + next_random(&random) % 192;
			if (time(NULL) >= deadline)
				break;
		}
		if (b->start != NULL && misuse_rate != 0 && next_random(&random) % misuse_rate == 0)
			misuse(b, &random);
		if (b->start == NULL)
			allocate(b, &random);
		else if (r < 16)
			resize(b, &random);
		else if (r < 48)
			exchange(b, &random);
		else if (r < bias)
			release(b);
		else
			check(b, b->size);
		done++;
	}
	/* What is left ends with the thread in half of the cases, and outlives it in the others. */
	for (unsigned i = 0; i < SLOTS; i++)
		if (blocks[i].start != NULL) {
			if (i % 2)
				exchange(&blocks[i], &random);
			if (blocks[i].start != NULL)
				release(&blocks[i]);
		}
	free(blocks);
	atomic_fetch_add(&operations, done);
	return NULL;
}

int main(int argc, char **argv)
{
	int threads = argc > 1 ? atoi(argv[1]) : 4;
	uintptr_t seed = argc > 3 ? strtoull(argv[3], NULL, 0) : 1;
	pthread_t ids[64];
	misuse_rate = argc > 4 ? atoi(argv[4]) : 0;
	if (threads < 1 || threads > 64)
		return 2;
	deadline = time(NULL) + (argc > 2 ? atoi(argv[2]) : 2);
	for (int i = 0; i < threads; i++)
		pthread_create(&ids[i], NULL, work, (void *)seed++);
	/* An ended thread is followed by a new one. */
	while (time(NULL) < deadline)
		for (int i = 0; i < threads; i++) {
			pthread_join(ids[i], NULL);
			pthread_create(&ids[i], NULL, work, (void *)seed++);
		}
	for (int i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	for (int i = 0; i < MAILBOXES; i++) {
		struct block *carrier = atomic_load(&mailbox[i]);
		if (carrier != NULL) {
			release(carrier);
			free(carrier);
		}
	}
	printf("%llu operations, %llu blocks, %llu misuses, no wrong byte\n", (unsigned long long)operations,
	       (unsigned long long)numbers, (unsigned long long)misuses);
	return 0;
}
