// A program that replaces operator new(size_t, align_val_t) and operator delete(void *, align_val_t) alone: the sized forms
// of the delete end there, too, also where the C++ runtime is linked into the program, and the library.
// mode: preload link static archive
// cflags: -std=c++17 -Wno-sized-deallocation
// libs: -static-libstdc++
#include "../check.h"
#include <new>

static int news, deletes;

void *operator new(size_t size, std::align_val_t align) {
    char *p = (char *)aligned_alloc((size_t)align, size + (size_t)align);
    if (!p) throw std::bad_alloc();
    news++;
    return p + (size_t)align;
}

void operator delete(void *p, std::align_val_t align) noexcept {
    if (!p) return;
    deletes++;
    free((char *)p - (size_t)align);
}

struct alignas(128) Wide {
    char bytes[128];
    ~Wide() { bytes[0] = 0; }
};

int main() {
    delete static_cast<Wide *>(hide(new Wide));
    CHECK(news == 1 && deletes == 1);
    delete[] static_cast<Wide *>(hide(new Wide[3]));
    CHECK(news == 2 && deletes == 2);
    operator delete[](hide(operator new[](100, std::align_val_t(64))), (size_t)100, std::align_val_t(64));
    CHECK(news == 3 && deletes == 3);
    return 0;
}
