// 1024 blocks of 1024 bytes, one byte written to each: 256 pages of data, and little else. The runner counts the faults.
#include <stdlib.h>

int main(void) {
    for (int i = 0; i < 1024; i++) {
        volatile char *block = malloc(1024);
        if (!block) return 1;
        block[0] = 42;
    }
    return 0;
}
