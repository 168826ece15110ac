// The same with free: the pages of the first block serve all the others. The runner counts the faults.
#include <stdlib.h>

int main(void) {
    for (int i = 0; i < 1024; i++) {
        volatile char *block = malloc(1024);
        if (!block) return 1;
        block[0] = 42;
        free((void *)block);
    }
    return 0;
}
