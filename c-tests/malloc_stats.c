// malloc_stats writes to stderr what is in use, truly: the figure grows with what is allocated.
#include "check.h"

// All memory in use according to one malloc_stats.
static unsigned long in_use(void) {
    char text[20000] = {0}, path[] = "/tmp/c-tests-stats-XXXXXX";
    int err = dup(2), file = mkstemp(path);
    CHECK(err >= 0 && file >= 0 && unlink(path) == 0 && dup2(file, 2) == 2);
    malloc_stats();
    fflush(stderr);
    CHECK(dup2(err, 2) == 2 && pread(file, text, sizeof text - 1, 0) > 0);
    close(file);
    close(err);
    const char *at = NULL;
    for (const char *next = text; (next = strstr(next, "in use")) != NULL; next++) at = next; // glibc's last is the total
    CHECK(at != NULL);
    return strtoul(at + strcspn(at, "0123456789"), NULL, 10);
}

int main(void) {
    static void *p[5000];
    unsigned long before = in_use();
    for (int i = 0; i < 5000; i++) p[i] = malloc(1000);
    void *large = hide(malloc(20 << 20));
    unsigned long full = in_use();
    if (full > before + 5000 * 1100 + (21 << 20)) fprintf(stderr, "in use %lu, %lu before\n", full, before);
    CHECK(full >= before + 5000 * 1000 + (20 << 20) && full <= before + 5000 * 1100 + (21 << 20));
    for (int i = 0; i < 5000; i++) free(p[i]);
    free(large);
    CHECK(in_use() <= before + 100000);
    return 0;
}
