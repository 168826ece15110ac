// A new-handler that frees a reserve: the new that called it then succeeds.
// run: ulimit -v 385000
// emulator: no, the limit would be the emulator's
#include "../check.h"
#include <new>

static void *reserve;
static int calls;
static void release() {
    calls++;
    if (!reserve) std::set_new_handler(nullptr);
    free(reserve);
    reserve = nullptr;
}

int main() {
    CHECK((reserve = malloc(200 << 20)) != nullptr);
    std::set_new_handler(release);
    char *p = new char[190 << 20]; // does not fit beside the reserve
    CHECK(p != nullptr && calls == 1);
    p[0] = p[(190 << 20) - 1] = 1;
    bool caught = false;
    try {
        hide(new char[190 << 20]);
    } catch (const std::bad_alloc &) {
        caught = true;
    }
    CHECK(caught && calls == 2);
    delete[] p;
    return 0;
}
