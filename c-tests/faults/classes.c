// Some blocks of every size class, and of its neighbours' sizes.
#include "../faults.h"

static void work(void) {
    enum { COUNT = 600 };
    static struct block block[COUNT];
    for (int round = 0; round < 3; round++) {
        size_t size = 0;
        for (int i = 0; i < COUNT; i++) {
            put(&block[i], TRY(malloc(size)), size, size);
            size += i < 200 ? 1 : size / 97 + 1;
        }
        for (int i = round; i < COUNT; i += 2) drop(&block[i]);
        for (int i = 0; i < COUNT; i++) drop(&block[i]);
    }
}
