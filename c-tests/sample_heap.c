// With every second allocation sampled, all other promises hold: contents, realloc, sizes, alignment, lists, threads, fork.
// env: FT_MALLOC=sample_guard=2,seed=5
// glibc: no, the options are the library's
#include "history.h"

int main(void) {
    work_everywhere();
    // Each live block is listed and counted, wherever it is.
    size_t before = mallinfo2().uordblks;
    static void *listed[100];
    for (int i = 0; i < 100; i++) CHECK((listed[i] = malloc(1000)) != NULL);
    CHECK(mallinfo2().uordblks >= before + 100 * 1000);
    int end[2], lines = 0;
    CHECK(pipe(end) == 0);
    if (fork() == 0) {
        dup2(end[1], 1);
        show_alloc_mem();
        _exit(0);
    }
    close(end[1]);
    static char text[1 << 20];
    size_t length = 0;
    for (ssize_t got; (got = read(end[0], text + length, sizeof text - 1 - length)) > 0;) length += (size_t)got;
    for (int i = 0; i < 100; i++) {
        char line[60];
        snprintf(line, sizeof line, "0x%lX - 0x%lX : 1000 bytes", (unsigned long)address(listed[i]), (unsigned long)address(listed[i]) + 1000);
        lines += strstr(text, line) != NULL;
        free(listed[i]);
    }
    CHECK(lines == 100 && wait(&lines) > 0);
    return 0;
}
