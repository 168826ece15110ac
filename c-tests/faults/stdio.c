// The libc's own callers: fopen, getline, asprintf, strdup, open_memstream, malloc_info. They pass the failure on.
#include "../faults.h"

static void lines(void) {
    FILE *file = fopen("/proc/self/status", "r");
    char *line = NULL;
    size_t size = 0;
    if (!file) { CHECK(EXCUSED); return; }
    while (getline(&line, &size, file) > 0) {}
    CHECK(!ferror(file) || EXCUSED);
    free(line);
    fclose(file);
}
static void report(void) {
    FILE *file = fopen("/dev/null", "w");
    if (!file) { CHECK(EXCUSED); return; }
    CHECK(malloc_info(0, file) == 0);
    fclose(file);
}
static void texts(void) {
    char *text = NULL, *copy;
    size_t size = 0;
    if (asprintf(&text, "%0*d", 5000, 7) < 0) { CHECK(EXCUSED); return; }
    CHECK(strlen(text) == 5000 && text[4999] == '7');
    copy = strdup(text);
    CHECK(copy ? strcmp(text, copy) == 0 : EXCUSED);
    free(copy);
    free(text);
    FILE *stream = open_memstream(&text, &size);
    if (!stream) { CHECK(EXCUSED); return; }
    for (int i = 0; i < 3000; i++) fputs("some text, ", stream);
    int whole = fclose(stream) == 0 && size == 33000;
    CHECK(whole || EXCUSED);
    free(text);
}

static void work(void) {
    for (int round = 0; round < 20; round++) {
        struct block block;
        lines();
        report();
        texts();
        put(&block, TRY(malloc(60000)), 60000, 1);
        drop(&block);
    }
}
