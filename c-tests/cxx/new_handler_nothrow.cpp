// A new-handler that throws bad_alloc out of a nothrow new: the exception ends there and the result is nullptr.
#include "../check.h"
#include <new>

static volatile size_t huge = (size_t)PTRDIFF_MAX - 100000;
static int calls;
static void throws_bad_alloc() {
    calls++;
    throw std::bad_alloc();
}

int main() {
    std::set_new_handler(throws_bad_alloc);
    CHECK(hide(::operator new(huge, std::nothrow)) == nullptr && calls == 1);
    CHECK(hide(::operator new[](huge, std::nothrow)) == nullptr && calls == 2);
    return 0;
}
