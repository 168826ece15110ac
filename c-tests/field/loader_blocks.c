// Blocks of the loader's own minimal malloc, from before libc is there (gperftools#1148). glibc's loader never hands them to
// the malloc that it finds later: it leaves the main thread's first table of thread-local storage behind when libraries with
// such storage need a longer one, while those of other threads come from us and are resized. None of this may be told as
// a misuse. A program that frees such a block itself is told, and nothing else happens.
// plugin: field/loader_blocks_plugin.c
// libs: -ldl
// stderr: ^ft_malloc: free\(0x[0-9a-f]+\): foreign pointer, not a block of this allocator$
// stderr: ^ft_malloc: realloc\(0x[0-9a-f]+\): foreign pointer, not a block of this allocator$
// glibc: no, there the block is not foreign
#include "../check.h"
#include <dlfcn.h>
#include <pthread.h>
#if defined(__GLIBC__) && defined(__x86_64__)

enum { LIBRARIES = 60 };
static int *(*own[LIBRARIES])(void);
static void *library[LIBRARIES];
static pthread_barrier_t step;

// The calling thread's table. Its block begins one entry of two words before.
static char *table(void) {
    char *at;
    __asm__ volatile("mov %%fs:8, %0" : "=r"(at));
    return at - 16;
}

// Each library is a copy under a name of its own, which is gone when it is open.
static void open_all(void) {
    char directory[] = "/tmp/c-tests-loader-XXXXXX", name[100];
    CHECK(mkdtemp(directory) != NULL);
    for (int i = 0; i < LIBRARIES; i++) {
        static char bytes[1 << 20];
        int from = open(getenv("C_TESTS_PLUGIN"), O_RDONLY), to;
        snprintf(name, sizeof name, "%s/%d.so", directory, i);
        CHECK(from >= 0 && (to = open(name, O_WRONLY | O_CREAT, 0700)) >= 0);
        ssize_t size = read(from, bytes, sizeof bytes);
        CHECK(size > 0 && write(to, bytes, (size_t)size) == size && close(from) == 0 && close(to) == 0);
        CHECK((library[i] = dlopen(name, RTLD_NOW | RTLD_LOCAL)) != NULL && unlink(name) == 0);
        *(void **)&own[i] = dlsym(library[i], "own");
        CHECK(own[i] != NULL && dlopen("/no/such/library.so", RTLD_NOW) == NULL && dlerror() != NULL);
    }
    CHECK(rmdir(directory) == 0);
}

static void use(int by) {
    for (int i = 0; i < LIBRARIES; i++) CHECK((*own[i]() += by) == 42 + by);
    for (int i = 0; i < LIBRARIES; i++) CHECK((*own[i]() -= by) == 42);
}

static void *work(void *unused) {
    pthread_barrier_wait(&step);
    pthread_barrier_wait(&step); // they are open
    use(2);
    return unused;
}

int main(void) {
    pthread_t thread;
    char *first = table();
    CHECK(pthread_barrier_init(&step, NULL, 2) == 0 && pthread_create(&thread, NULL, work, NULL) == 0);
    pthread_barrier_wait(&step);
    open_all();
    use(1);
    char *second = table();
    CHECK(second != first && malloc_usable_size(second) > 0); // ours by now
    pthread_barrier_wait(&step);
    CHECK(pthread_join(thread, NULL) == 0);
    free(hide(first));
    REFUSED(realloc(hide(first), 100), EINVAL);
    for (int i = 0; i < LIBRARIES; i++) CHECK(dlclose(library[i]) == 0);
    return 0;
}
#else
int main(void) { skip("where a thread's table is, is known here for glibc on x86-64"); }
#endif
