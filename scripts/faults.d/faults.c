// Makes calls that the library makes to the system fail: LD_PRELOAD="faults.so libft_malloc.so", in this order.
//
// FAULTS, a list with commas, says which:
//   calls=mmap+munmap   of these alone (default: all; the names are below)
//   every=K offset=N    each K-th, counted from N; 0: none
//   after=N until=N     those behind the N-th alone, up to the N-th
//   space=BYTES         those by which the library would hold more address space than that
//   memory=BYTES        those by which it would hold more writable memory than that (as overcommit_memory=2 refuses it)
//   resident=BYTES      those by which it would hold more writable memory while the process has more resident than that
//   lock=1              nothing fails, but the process has called mlockall(MCL_CURRENT | MCL_FUTURE)
//   report=FD           one line with the counts and the most memory that was resident, at exit
//
// Counted are calls from the library's own code, known by their return address, and pthread_create from anywhere. What
// the program and the libc ask for themselves is not touched. Forked children go on counting in their parent's numbers.
// A program that knows faults_end counts no further than to there.
// A crash ends the process with status 97 if it was in the library or in what that had called, and with 96 if not.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum call { MMAP, MUNMAP, MREMAP, MPROTECT, MADVISE, KEY, CREATE, CALLS };
static const char *const names[CALLS] = {
    "mmap", "munmap", "mremap", "mprotect", "madvise", "pthread_key_create", "pthread_create",
};

// What the process and its children count together.
struct counts {
    atomic_size_t calls, seen[CALLS], injected[CALLS], refused;
    atomic_int over;
};
static struct counts *counts;
static size_t every, offset, after, until = SIZE_MAX, space = SIZE_MAX, memory = SIZE_MAX, resident = SIZE_MAX;
static unsigned chosen = (1u << CALLS) - 1;
static int lock, report = -1;
static pid_t reporter;
static uintptr_t low, high; // the library's code
static atomic_size_t held, writable;

// ---- options --------------------------------------------------------------------------------------------------------

static unsigned which(const char *text) {
    unsigned found = 0;
    for (int i = 0; i < CALLS; i++)
        for (const char *at = text; (at = strstr(at, names[i])) != NULL; at++) {
            char before = at[-1], behind = at[strlen(names[i])];
            if ((before == '=' || before == '+') && (behind == '+' || behind == ',' || behind == '\0')) found |= 1u << i;
        }
    return found;
}
static size_t number(const char *options, const char *name, size_t otherwise) {
    const char *at = strstr(options, name);
    return at ? strtoull(at + strlen(name), NULL, 10) : otherwise;
}
static void parse(const char *options) {
    char calls[200] = "";
    const char *at = strstr(options, "calls=");
    if (at) {
        memcpy(calls, at, strcspn(at, ",") < sizeof calls ? strcspn(at, ",") : sizeof calls - 1);
        chosen = which(calls);
    }
    every = number(options, "every=", 0);
    offset = number(options, "offset=", 0);
    after = number(options, "after=", 0);
    until = number(options, "until=", SIZE_MAX);
    space = number(options, "space=", SIZE_MAX);
    memory = number(options, "memory=", SIZE_MAX);
    resident = number(options, "resident=", SIZE_MAX);
    lock = number(options, "lock=", 0) != 0;
    report = (int)number(options, "report=", (size_t)-1);
}

// The library's first calls come before libc has an environment.
static void read_options(void) {
    static char text[1 << 17];
    size_t length = 0;
    int file = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
    for (ssize_t got; file >= 0 && (got = read(file, text + length, sizeof text - 1 - length)) > 0;) length += (size_t)got;
    close(file);
    for (const char *at = text; at < text + length; at += strlen(at) + 1)
        if (strncmp(at, "FAULTS=", 7) == 0) parse(at + 7);
}

static int find_library(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)size, (void)unused;
    if (!strstr(info->dlpi_name, "libft_malloc")) return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X)) continue;
        low = info->dlpi_addr + part->p_vaddr;
        high = low + part->p_memsz;
    }
    return 1;
}

static void start(void) {
    static int started;
    if (started) return;
    started = 1;
    reporter = getpid();
    counts = (void *)syscall(SYS_mmap, NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (counts == MAP_FAILED) _exit(95);
    read_options();
    dl_iterate_phdr(find_library, NULL);
}

// ---- which calls fail -----------------------------------------------------------------------------------------------

static int ours(void *caller) { return (uintptr_t)caller - low < high - low; }

// Bytes of this process that are resident.
static size_t resident_now(void) {
    char text[100] = "";
    long file = syscall(SYS_open, "/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (file < 0 || syscall(SYS_read, file, text, sizeof text - 1) <= 0) _exit(92);
    syscall(SYS_close, file);
    return strtoul(strchr(text, ' '), NULL, 10) * 4096; // of x86-64, as on_crash is
}

// Whether this call is to fail; then errno says why. `more` and `more_writable` are what it would add.
static int fails(enum call call, size_t more, size_t more_writable) {
    if (counts->over) return 0;
    counts->seen[call]++;
    if (!(chosen & 1u << call)) return 0;
    size_t nth = ++counts->calls;
    int injected = every != 0 && nth > after && nth <= until && (nth + offset) % every == 0;
    int too_much = (more && held + more > space) || (more_writable && writable + more_writable > memory) ||
                   (more_writable && resident != SIZE_MAX && resident_now() > resident);
    if (!injected && !too_much) return 0;
    counts->injected[call]++;
    errno = call == CREATE || call == KEY ? EAGAIN : ENOMEM;
    return 1;
}
static void noted(long result) { if (result == -1) counts->refused++; }

// No call fails from now on, and limits of the process are lifted.
void faults_end(void) {
    static const int limits[] = {RLIMIT_AS, RLIMIT_DATA};
    start();
    counts->over = 1;
    if (lock) munlockall();
    for (int i = 0; i < 2; i++) {
        struct rlimit limit;
        if (getrlimit(limits[i], &limit) == 0) {
            limit.rlim_cur = limit.rlim_max;
            setrlimit(limits[i], &limit);
        }
    }
}

// Calls that have failed so far, by us or by the system.
size_t faults_seen(void) {
    size_t sum = 0;
    start();
    for (int i = 0; i < CALLS; i++) sum += counts->injected[i];
    return sum + counts->refused;
}

// ---- the calls ------------------------------------------------------------------------------------------------------

void *mmap(void *at, size_t bytes, int protection, int flags, int file, off_t from) {
    start();
    int count = ours(__builtin_return_address(0));
    size_t written = protection & PROT_WRITE ? bytes : 0;
    if (count && fails(MMAP, bytes, written)) return MAP_FAILED;
    long result = syscall(SYS_mmap, at, bytes, protection, flags, file, from);
    if (!count) return (void *)result;
    noted(result);
    if (result != -1) {
        held += bytes;
        writable += written;
    }
    return (void *)result;
}
void *mmap64(void *at, size_t bytes, int protection, int flags, int file, off_t from) __attribute__((alias("mmap")));

int munmap(void *at, size_t bytes) {
    start();
    int count = ours(__builtin_return_address(0));
    if (count && fails(MUNMAP, 0, 0)) return -1;
    long result = syscall(SYS_munmap, at, bytes);
    if (!count) return (int)result;
    noted(result);
    // How much of it was writable is not known: the limit is a rough one.
    if (result == 0) {
        held -= bytes;
        writable -= bytes < writable ? bytes : writable;
    }
    return (int)result;
}

void *mremap(void *at, size_t before, size_t bytes, int flags, ...) {
    start();
    va_list rest;
    va_start(rest, flags);
    void *to = flags & MREMAP_FIXED ? va_arg(rest, void *) : NULL;
    va_end(rest);
    int count = ours(__builtin_return_address(0));
    size_t more = bytes > before ? bytes - before : 0;
    if (count && fails(MREMAP, more, more)) return MAP_FAILED;
    long result = syscall(SYS_mremap, at, before, bytes, flags, to);
    if (!count) return (void *)result;
    noted(result);
    if (result != -1) {
        held += bytes - before;
        writable += bytes - before;
    }
    return (void *)result;
}

int mprotect(void *at, size_t bytes, int protection) {
    start();
    int count = ours(__builtin_return_address(0));
    size_t written = protection & PROT_WRITE ? bytes : 0;
    if (count && fails(MPROTECT, 0, written)) return -1;
    long result = syscall(SYS_mprotect, at, bytes, protection);
    if (!count) return (int)result;
    noted(result);
    if (result == 0) writable += written;
    return (int)result;
}

int madvise(void *at, size_t bytes, int advice) {
    start();
    if (ours(__builtin_return_address(0)) && fails(MADVISE, 0, 0)) return -1;
    return (int)syscall(SYS_madvise, at, bytes, advice);
}

int pthread_key_create(pthread_key_t *key, void (*destructor)(void *)) {
    static int (*real)(pthread_key_t *, void (*)(void *));
    start();
    if (ours(__builtin_return_address(0)) && fails(KEY, 0, 0)) return errno;
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "pthread_key_create");
    return real(key, destructor);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument) {
    static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    start();
    if (fails(CREATE, 0, 0)) return errno;
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    int result = real(thread, attributes, run, argument);
    if (result) counts->refused++;
    return result;
}

// ---- start and end --------------------------------------------------------------------------------------------------

static void on_crash(int number, siginfo_t *info, void *context) {
    const greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const uintptr_t *words = (const uintptr_t *)registers[REG_RSP];
    uintptr_t at = (uintptr_t)registers[REG_RIP];
    int inside = ours((void *)at) || ours((void *)words[0]);
    dprintf(2, "faults: signal %d at %#lx (library: %#lx), address %p\n", number, at, low, info->si_addr);
    _exit(inside ? 97 : 96);
}

__attribute__((constructor)) static void begin(void) {
    static char stack[1 << 16];
    const stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    start();
    sigaltstack(&own, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    sigaction(SIGILL, &action, NULL);
    if (lock && mlockall(MCL_CURRENT | MCL_FUTURE) != 0) _exit(94);
}

__attribute__((destructor)) static void end(void) {
    char text[400];
    int length;
    struct rusage used;
    if (report < 0 || getpid() != reporter) return;
    length = snprintf(text, sizeof text, "calls %zu failed %zu", (size_t)counts->calls, faults_seen());
    for (int i = 0; i < CALLS; i++)
        length += snprintf(text + length, sizeof text - (size_t)length, " %s %zu/%zu", names[i], (size_t)counts->injected[i],
                           (size_t)counts->seen[i]);
    getrusage(RUSAGE_SELF, &used);
    length += snprintf(text + length, sizeof text - (size_t)length, " peak %ld", used.ru_maxrss * 1024);
    text[length++] = '\n';
    if (write(report, text, (size_t)length) != length) _exit(93);
}
