// A program of one thread stays one: a hidden helper breaks unshare, setns and programs that count their threads.
// emulator: no, it has threads of its own
#include "../check.h"
#include <dirent.h>

static int threads(void) {
    DIR *tasks = opendir("/proc/self/task");
    int count = 0;
    CHECK(tasks != NULL);
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}

int main(void) {
    static void *p[3000];
    for (int i = 0; i < 3000; i++) CHECK((p[i] = malloc((size_t)i * 20)) != NULL && memset(p[i], 1, (size_t)i * 20) == p[i]);
    for (int i = 0; i < 3000; i++) free(p[i]);
    malloc_trim(0);
    CHECK(threads() == 1);
    return 0;
}
