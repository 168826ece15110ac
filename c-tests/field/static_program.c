// A static program with libft_malloc.a: no name is defined twice, threads, fork and stdio work, and the blocks are ours.
// mode: static
// glibc: no, it is about the library
#include "../show.h"
#include <pthread.h>
#include <sys/wait.h>

static void *work(void *seed) {
    uint64_t state = address(seed) + 1;
    for (int i = 0; i < 20000; i++) {
        size_t size = rnd_size(&state, 14);
        void *p = malloc(size);
        CHECK(p != NULL);
        fill(p, size < 50 ? size : 50, size);
        CHECK(holds(p, size < 50 ? size : 50, size));
        free(p);
    }
    return NULL;
}

int main(void) {
    pthread_t thread[3];
    int status = 0;
    char *text = NULL;
    for (size_t i = 0; i < 3; i++) CHECK(pthread_create(&thread[i], NULL, work, (void *)i) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(10);
        work(NULL);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    for (int i = 0; i < 3; i++) CHECK(pthread_join(thread[i], NULL) == 0);
    CHECK(asprintf(&text, "%d", 12345) == 5);
    free(text);
    void *p = hide(malloc(4321));
    CHECK(lists(show_text(), p, 4321));
    free(p);
    return 0;
}
