// Making reserved memory usable never reaches beyond the reservation: the mappings of the program and its libraries have
// the same addresses and rights afterwards.
#include "../check.h"

// The lines of /proc/self/maps that belong to a file, the heap of the libc's sbrk left out.
static size_t of_files(char *text, size_t room) {
    static char all[1 << 20];
    size_t length = 0, kept = 0;
    int fd = open("/proc/self/maps", O_RDONLY);
    CHECK(fd >= 0);
    for (ssize_t got; (got = read(fd, all + length, sizeof all - 1 - length)) > 0;) length += (size_t)got;
    close(fd);
    all[length] = '\0';
    for (char *line = all, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        if (!strchr(line, '/')) continue;
        size_t bytes = strlen(line);
        CHECK(kept + bytes + 1 < room);
        memcpy(text + kept, line, bytes + 1);
        kept += bytes + 1;
    }
    return kept;
}

int main(void) {
    static char before[1 << 16], after[1 << 16];
    uint64_t state = 12;
    size_t length = of_files(before, sizeof before);
    for (int i = 0; i < 100000; i++) CHECK(malloc(rnd_size(&state, i % 1000 == 0 ? 23 : 13)) != NULL);
    for (size_t alignment = 16; alignment < (size_t)1 << 28; alignment *= 2) CHECK(memalign(alignment, 100000) != NULL);
    malloc_trim(0);
    CHECK(of_files(after, sizeof after) == length && memcmp(before, after, length) == 0);
    return 0;
}
