// Blocks of 1025 bytes and of 20000..20100 bytes are 16-byte aligned.
#include "../check.h"

int main(void) {
    for (int i = 0; i < 100; i++) CHECK(aligned(malloc(1025), 16));
    for (size_t size = 20000; size <= 20100; size++) CHECK(aligned(malloc(size), 16));
    return 0;
}
