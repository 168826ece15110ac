// A library with a lock that its forks' children find open.
#include <pthread.h>

pthread_mutex_t library_lock = PTHREAD_MUTEX_INITIALIZER;

static void prepare(void) { pthread_mutex_lock(&library_lock); }
static void after(void) { pthread_mutex_unlock(&library_lock); }

__attribute__((constructor)) static void begin(void) { pthread_atfork(prepare, after, after); }
