// A failing new calls the new-handler again and again, until memory is there, the handler throws or it is uninstalled;
// the nothrow forms do so too and give nullptr in the end ([new.delete.single], [alloc.errors]).
#include "../check.h"
#include <new>
#include <stdexcept>

static volatile size_t huge = (size_t)PTRDIFF_MAX - 100000;
static int calls;

static void gives_up() {
    if (++calls == 5) std::set_new_handler(nullptr);
}
static void throws_own() { throw std::out_of_range("handler"); }

template <class Error, class Call> static bool caught(Call call) {
    try {
        hide(call());
    } catch (const Error &) {
        return true;
    }
    return false;
}

int main() {
    CHECK(std::get_new_handler() == nullptr);
    auto plain = [] { return ::operator new(huge); };
    auto array_aligned = [] { return ::operator new[](huge, std::align_val_t(256)); };

    std::set_new_handler(gives_up);
    CHECK(caught<std::bad_alloc>(plain) && calls == 5 && std::get_new_handler() == nullptr);
    calls = 0;
    std::set_new_handler(gives_up);
    CHECK(caught<std::bad_alloc>(array_aligned) && calls == 5);

    std::set_new_handler(throws_own);
    CHECK(caught<std::out_of_range>(plain) && caught<std::out_of_range>(array_aligned));
    CHECK(caught<std::out_of_range>(plain)); // the handler is still installed

    calls = 0;
    std::set_new_handler(gives_up);
    CHECK(hide(::operator new(huge, std::nothrow)) == nullptr && calls == 5);
    calls = 0;
    std::set_new_handler(gives_up);
    CHECK(hide(::operator new[](huge, std::align_val_t(64), std::nothrow)) == nullptr && calls == 5);
    return 0;
}
