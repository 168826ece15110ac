// mallinfo2 and mallinfo describe this heap: memory in use grows by what is allocated and shrinks by what is freed.
#include "check.h"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

int main(void) {
    static void *p[1000];
    struct mallinfo2 before = mallinfo2();
    for (int i = 0; i < 1000; i++) CHECK((p[i] = malloc(1000)) != NULL);
    void *large = hide(malloc(20 << 20));
    struct mallinfo2 full = mallinfo2();
    struct mallinfo old = mallinfo();
    CHECK(full.uordblks + full.hblkhd >= before.uordblks + before.hblkhd + 1000 * 1000 + (20 << 20));
    CHECK(full.uordblks + full.hblkhd <= before.uordblks + before.hblkhd + 1000 * 1100 + (21 << 20));
    CHECK(full.arena + full.hblkhd >= full.uordblks);
    CHECK(old.uordblks == (int)full.uordblks && old.hblkhd == (int)full.hblkhd);
    for (int i = 0; i < 1000; i++) free(p[i]);
    free(large);
    struct mallinfo2 after = mallinfo2();
    CHECK(after.uordblks + after.hblkhd <= before.uordblks + before.hblkhd + 100000);
    CHECK(after.hblkhd <= before.hblkhd + 4096 || OURS); // ours may keep a freed mapping for a while
    return 0;
}
