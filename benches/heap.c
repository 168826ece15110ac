/*
 * heap LIVE: what a heap of LIVE small blocks costs beside malloc itself: mappings, bytes beyond what was asked for,
 * microseconds to fork (and wait) and to start a thread (that allocates once) and wait for it.
 */
#include "bench.h"
#include <pthread.h>
#include <sys/wait.h>

static void *once(void *unused)
{
	(void)unused;
	free(filled(malloc(100), 100, 1));
	return NULL;
}

static size_t mappings(void)
{
	static char text[1 << 16];
	size_t lines = 0;
	int file = open("/proc/self/maps", O_RDONLY);
	ssize_t length;
	while (file >= 0 && (length = read(file, text, sizeof text)) > 0)
		for (ssize_t i = 0; i < length; i++)
			lines += text[i] == '\n';
	close(file);
	return lines;
}

int main(int argc, char **argv)
{
	size_t live = number(argc, argv, 1, "LIVE"), asked = 0, maps = mappings(), base = resident();
	void **block = malloc(live * sizeof *block);
	uint64_t state = seed_of(8);
	double begin;
	enum { FORKS = 10, THREADS = 100 };
	for (size_t i = 0; i < live; i++) {
		size_t size = 16 + next_random(&state) % 129;
		block[i] = memset(filled(malloc(size), size, 1), 1, size);
		asked += size;
	}
	printf("mappings %zu\n", mappings() > maps ? mappings() - maps : 0);
	printf("overhead %.4f\n", (double)(resident() - base) / (double)(asked + live * sizeof *block));
	begin = seconds(WALL);
	for (int i = 0; i < FORKS; i++) {
		pid_t child = fork();
		if (child == 0)
			_exit(0);
		if (child < 0 || waitpid(child, NULL, 0) != child)
			fail("fork");
	}
	printf("fork_us %.1f\n", (seconds(WALL) - begin) * 1e6 / FORKS);
	begin = seconds(WALL);
	for (int i = 0; i < THREADS; i++) {
		pthread_t thread;
		if (pthread_create(&thread, NULL, once, NULL) != 0)
			fail("pthread_create");
		pthread_join(thread, NULL);
	}
	printf("thread_us %.1f\n", (seconds(WALL) - begin) * 1e6 / THREADS);
	return 0;
}
