/*
 * producers PRODUCERS CONSUMERS BLOCKS DEPTH MIN MAX: producers allocate BLOCKS in all, consumers only free them.
 *
 * The queue is first in, first out and holds at most DEPTH packets of 64 blocks. `live` is the number of bytes in it
 * when it is full, to compare the peak resident size with.
 */
#include "bench.h"
#include <pthread.h>

enum { PACKET = 64 };
struct packet {
	void *block[PACKET];
	uint32_t size[PACKET];
};
static struct packet *queue;
static size_t depth, first, used, packets_each, min, max, done, bytes, peak;
static size_t producers;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER, not_empty = PTHREAD_COND_INITIALIZER;

static void *produce(void *number_)
{
	uint64_t state = seed_of((uintptr_t)number_);
	for (size_t n = 0; n < packets_each; n++) {
		struct packet p;
		size_t sum = 0;
		for (int i = 0; i < PACKET; i++) {
			p.size[i] = (uint32_t)random_size(&state, min, max);
			p.block[i] = memset(filled(malloc(p.size[i]), p.size[i], 7), 7, p.size[i]);
			sum += p.size[i];
		}
		pthread_mutex_lock(&lock);
		while (used == depth)
			pthread_cond_wait(&not_full, &lock);
		queue[(first + used++) % depth] = p;
		bytes += sum;
		peak = bytes > peak ? bytes : peak;
		pthread_cond_signal(&not_empty);
		pthread_mutex_unlock(&lock);
	}
	pthread_mutex_lock(&lock);
	done++;
	pthread_cond_broadcast(&not_empty);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void *consume(void *unused)
{
	(void)unused;
	for (;;) {
		struct packet p;
		pthread_mutex_lock(&lock);
		/* Half full before the first packet leaves: the oldest blocks are freed, long after they were made. */
		while (used < depth / 2 + 1 && done < producers)
			pthread_cond_wait(&not_empty, &lock);
		if (used == 0) {
			pthread_mutex_unlock(&lock);
			return NULL;
		}
		p = queue[first];
		first = (first + 1) % depth;
		used--;
		for (int i = 0; i < PACKET; i++)
			bytes -= p.size[i];
		pthread_cond_signal(&not_full);
		pthread_mutex_unlock(&lock);
		for (int i = 0; i < PACKET; i++) {
			check_filled(p.block[i], p.size[i], 7);
			free(p.block[i]);
		}
	}
}

int main(int argc, char **argv)
{
	const char *usage = "PRODUCERS CONSUMERS BLOCKS DEPTH MIN MAX";
	size_t consumers = number(argc, argv, 2, usage), blocks = number(argc, argv, 3, usage);
	pthread_t thread[256];
	producers = number(argc, argv, 1, usage);
	depth = number(argc, argv, 4, usage);
	min = number(argc, argv, 5, usage);
	max = number(argc, argv, 6, usage);
	packets_each = blocks / PACKET / producers;
	queue = malloc(depth * sizeof *queue);
	if (producers + consumers > 256)
		fail("too many threads");
	for (size_t t = 0; t < producers + consumers; t++)
		if (pthread_create(&thread[t], NULL, t < producers ? produce : consume, (void *)(uintptr_t)t) != 0)
			fail("pthread_create");
	for (size_t t = 0; t < producers + consumers; t++)
		pthread_join(thread[t], NULL);
	if (bytes != 0 || used != 0)
		fail("blocks were lost on the way");
	printf("live %zu\n", peak + depth * sizeof *queue);
	printf("ops %zu\n", packets_each * PACKET * producers);
	return 0;
}
