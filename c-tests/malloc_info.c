// malloc_info writes glibc's XML, well formed, and its figures are true: the current system size covers what is in use.
#include "check.h"

// Every element is closed, in order; gives the number of elements.
static int well_formed(const char *at) {
    char open[16][32];
    int depth = 0, elements = 0;
    while ((at = strchr(at, '<')) != NULL) {
        const char *end = strchr(at, '>');
        char name[32] = {0};
        CHECK(end != NULL && sscanf(at, at[1] == '/' ? "</%31[a-z]" : "<%31[a-z]", name) == 1);
        if (at[1] == '/') CHECK(depth > 0 && strcmp(open[--depth], name) == 0);
        else if (end[-1] != '/') { CHECK(depth < 16); strcpy(open[depth++], name); }
        elements++;
        at = end;
    }
    CHECK(depth == 0);
    return elements;
}

int main(void) {
    static char text[1 << 20];
    static void *p[5000];
    unsigned long current = 0;
    for (int i = 0; i < 5000; i++) memset(p[i] = malloc(1000), 1, 1000);
    FILE *file = fmemopen(text, sizeof text, "w");
    CHECK(file != NULL && malloc_info(0, file) == 0 && fclose(file) == 0);
    CHECK(strncmp(text, "<malloc version=\"1\">", 20) == 0 && well_formed(text) > 5);
    CHECK(strstr(text, "<heap nr=\"0\">") && strstr(text, "<sizes>") && strstr(text, "<total type=\"rest\" count=\""));
    char *last = NULL, *next = text;
    while ((next = strstr(next, "<system type=\"current\" size=\"")) != NULL) last = next++;
    CHECK(last != NULL && sscanf(last, "<system type=\"current\" size=\"%lu\"/>", &current) == 1 && current >= 5000 * 1000);
    CHECK(strstr(last, "<system type=\"max\" size=\"") && strstr(text, "<aspace type=\"total\" size=\""));
    CHECK(malloc_info(1, stdout) != 0); // no options are defined
    return 0;
}
