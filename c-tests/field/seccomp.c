// A confined program: after its start the only system calls the allocator makes are mmap, munmap, mremap, madvise,
// mprotect and futex (hardened_malloc#97, mimalloc#249). Any other kills the process: write, too, so that a CHECK which
// fails ends with SIGSYS and no text. Threads made before the filter make their first calls under it.
// glibc: no, it calls brk and reads the number of processors
#include "../check.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define ALLOW(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static sem_t started, go, done, never;
static size_t heavy;

static void use(uint64_t state) {
    static __thread void *p[300];
    const size_t rounds = heavy;
    for (size_t i = 0; i < rounds; i++) {
        size_t slot = rnd(&state) % 300, size = rnd_size(&state, i % 50 == 0 ? 25 : 12);
        free(p[slot]);
        p[slot] = i % 3 == 0 ? calloc(1, size) : i % 7 == 0 ? memalign(4096, size) : malloc(size);
        p[slot] = realloc(p[slot], rnd_size(&state, i % 50 == 0 ? 25 : 12) + 1);
        CHECK(p[slot] != NULL);
    }
    for (int i = 0; i < 300; i++) free(p[i]);
    malloc_trim(0);
}
static void *work(void *seed) {
    sem_post(&started); // the libc's own calls of a thread's start are over
    sem_wait(&go);
    use(address(seed));
    sem_post(&done);
    sem_wait(&never); // no end: that is the libc's to clean up, with system calls of its own
    return NULL;
}

int main(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(mmap), ALLOW(munmap), ALLOW(mremap), ALLOW(madvise), ALLOW(mprotect), ALLOW(futex),
        ALLOW(exit_group),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    pthread_t thread;
    heavy = times(6000, 300000);
    sem_init(&started, 0, 0);
    sem_init(&go, 0, 0);
    sem_init(&done, 0, 0);
    sem_init(&never, 0, 0);
    for (size_t i = 0; i < 3; i++) CHECK(pthread_create(&thread, NULL, work, (void *)(i + 2)) == 0);
    for (int i = 0; i < 3; i++) sem_wait(&started);
    free(hide(malloc(10)));
    counted(4 * heavy, "rounds under the filter"); // read by nobody if the process is killed
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
        skip("seccomp is not allowed here");
    use(1);
    for (int i = 0; i < 3; i++) sem_post(&go);
    for (int i = 0; i < 3; i++) sem_wait(&done);
    _exit(0);
}
