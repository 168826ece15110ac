// Sampled blocks note who called, whatever the program has where others have a frame pointer. What lies beyond the stack
// is not looked at: another thread could take it away at that moment.
// env: FT_MALLOC=sample_guard=1
// glibc: no, the options are the library's
#include "check.h"
#include <pthread.h>
#include <sys/mman.h>

#ifdef __x86_64__
void *malloc_in_frame(size_t size, uintptr_t frame);
__asm__(".text\n"
        ".globl malloc_in_frame\n"
        "malloc_in_frame:\n"
        "    push %rbp\n"
        "    mov %rsi, %rbp\n"
        "    call malloc@PLT\n"
        "    pop %rbp\n"
        "    ret\n"
        ".section .note.GNU-stack,\"\",@progbits\n"
        ".text\n");

// Above the stack nothing can be read, and then something.
enum { STACK = 256 << 10, GUARD = 64 << 10, BEYOND = 64 << 10 };

static void *work(void *stack) {
    const uintptr_t end = address(stack) + STACK, page = (uintptr_t)sysconf(_SC_PAGESIZE);
    // Nowhere, none, below, here and around; where nothing can be read; half of it where nothing can; far away.
    const uintptr_t frames[] = {0, 8, 16, address(stack), address(frames) & ~(uintptr_t)15, address(frames) | 1, end - page, end - 16,
                                end - 8, end - 1, end, end + 16, end + GUARD - 16,
                                end + GUARD, end + GUARD + BEYOND - 16, UINTPTR_MAX & ~(uintptr_t)15, (uintptr_t)1 << 63};
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        char *p = hide(malloc_in_frame(100, frames[i]));
        CHECK(p != NULL);
        memset(p, 1, 100);
        free(p);
    }
    return NULL;
}

int main(void) {
    pthread_t thread;
    pthread_attr_t attributes;
    void *stack = mmap(NULL, STACK + GUARD + BEYOND, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(stack != MAP_FAILED && mprotect((char *)stack + STACK, GUARD, PROT_NONE) == 0);
    CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstack(&attributes, stack, STACK) == 0);
    CHECK(pthread_create(&thread, &attributes, work, stack) == 0 && pthread_join(thread, NULL) == 0);
    unsigned char here[BEYOND / 4096];
    CHECK(mincore((char *)stack + STACK + GUARD, BEYOND, here) == 0);
    for (size_t i = 0; i < sizeof here; i++) CHECK(here[i] == 0);
    return 0;
}
#else
int main(void) { skip("written for x86-64"); }
#endif
