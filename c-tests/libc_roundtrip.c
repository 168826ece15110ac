// Blocks that the libc allocates for us are ours to free, and blocks that it frees for us are ours to have allocated.
#include "check.h"
#include <locale.h>
#include <glob.h>
#include <obstack.h>
#include <regex.h>
#include <search.h>
#include <time.h>
#include <wchar.h>

#define obstack_chunk_alloc malloc
#define obstack_chunk_free free

static int by_value(const void *a, const void *b) { return *(const int *)a < *(const int *)b ? -1 : 1; }

static void keep(void *key) { (void)key; }

int main(void) {
    char *text = NULL, path[] = "/tmp/c-tests-XXXXXX";
    size_t size = 0;
    CHECK((text = strdup("some text")) && strcmp(text, "some text") == 0);
    free(text);
    CHECK((text = strndup("some text", 4)) && strcmp(text, "some") == 0);
    free(text);
    CHECK(asprintf(&text, "%0*d", 3000, 7) == 3000 && text[2999] == '7');
    free(text);
    wchar_t *wide = wcsdup(L"wide");
    CHECK(wide && wcslen(wide) == 4);
    free(wide);
    CHECK((text = realpath(".", NULL)) != NULL);
    free(text);
    CHECK((text = getcwd(NULL, 0)) != NULL);
    free(text);

    FILE *memory = open_memstream(&text, &size);
    CHECK(memory != NULL);
    for (int i = 0; i < 20000; i++) CHECK(fprintf(memory, "line %d\n", i) > 0);
    CHECK(fclose(memory) == 0 && size > 100000 && strncmp(text, "line 0\nline 1\n", 14) == 0);

    int fd = mkstemp(path);
    CHECK(fd >= 0 && write(fd, text, size) == (ssize_t)size);
    close(fd);
    free(text);
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    int lines = 0;
    while (getline(&line, &room, file) > 0) CHECK(atoi(line + 5) == lines++);
    CHECK(lines == 20000);
    free(line);
    line = NULL; // the whole file as one line: getdelim reallocs many times
    room = 0;
    rewind(file);
    CHECK(getdelim(&line, &room, 1, file) == (ssize_t)size && room > size);
    line = realloc(line, size * 2);
    CHECK(line != NULL);
    free(line);
    CHECK(fclose(file) == 0);
    CHECK((file = fopen(path, "r")) && fscanf(file, "%ms", &text) == 1 && strcmp(text, "line") == 0 && fclose(file) == 0);
    free(text);
    unlink(path);

    struct obstack stack;
    obstack_init(&stack);
    for (int i = 0; i < 1000; i++) CHECK(obstack_alloc(&stack, i * 10) != NULL);
    obstack_free(&stack, NULL);

    enum { COUNT = 300000 };
    int *number = malloc(COUNT * sizeof *number); // qsort needs a buffer of more than 1 MB
    for (int i = 0; i < COUNT; i++) number[i] = (int)((i * 7919ll) % COUNT);
    qsort(number, COUNT, sizeof *number, by_value);
    for (int i = 0; i < COUNT; i++) CHECK(number[i] == i);
    free(number);

    regex_t pattern;
    CHECK(regcomp(&pattern, "(a|b)*c{2,9}[[:alpha:]]+", REG_EXTENDED) == 0 && regexec(&pattern, "xababccq", 0, NULL, 0) == 0);
    regfree(&pattern);
    glob_t found;
    CHECK(glob("/*", 0, NULL, &found) == 0 && found.gl_pathc > 0);
    globfree(&found);
    void *tree = NULL;
    static int key[100];
    for (int i = 0; i < 100; i++) CHECK(tsearch(&key[(key[i] = i) * 37 % 100], &tree, by_value) != NULL);
    tdestroy(tree, keep);
    CHECK(setenv("C_TESTS_X", "a value", 1) == 0 && setenv("C_TESTS_X", "a longer value than before", 1) == 0);
    CHECK(unsetenv("C_TESTS_X") == 0);
    locale_t locale = newlocale(LC_ALL_MASK, "C", NULL);
    CHECK(locale != NULL);
    freelocale(locale);
    tzset();
    return 0;
}
