// realloc from 16 MiB to 128 MiB keeps the content: the text prints twice.
// stdout: ^Bonjours$
// stdout: ^Bonjours$
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define M (1024 * 1024)

static void print(const char *text) { if (write(1, text, strlen(text)) < 0) _exit(1); }

int main(void) {
    char *first = malloc(16 * M);
    if (!first) return 1;
    strcpy(first, "Bonjours\n");
    print(first);
    char *second = realloc(first, 128 * M);
    if (!second) return 1;
    second[127 * M] = 42;
    print(second);
    return 0;
}
