// A new that fails throws, too, where the C++ runtime is linked into the program in parts and that of
// std::__throw_bad_alloc is missing.
// mode: link static
// libs: -static-libstdc++
// glibc: no, it is about the library
#include "../check.h"
#include <new>

static volatile size_t huge = (size_t)PTRDIFF_MAX - 100000;

int main() {
    bool caught = false;
    try {
        hide(::operator new(huge));
    } catch (const std::bad_alloc &error) {
        caught = error.what() != nullptr;
    }
    CHECK(caught);
    CHECK(::operator new(huge, std::nothrow) == nullptr);
    return 0;
}
