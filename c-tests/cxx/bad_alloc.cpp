// A failing throwing new throws std::bad_alloc through the caller's frames, whose destructors run; a nothrow new gives
// nullptr (mimalloc#26: a new that returns NULL instead).
#include "../check.h"
#include <new>
#include <thread>
#include <vector>

static int destroyed;
struct Witness { ~Witness() { destroyed++; } };

template <class Call> static void throws(Call call) {
    bool caught = false;
    int before = destroyed;
    try {
        Witness witness;
        hide(call());
    } catch (const std::bad_alloc &error) {
        caught = error.what() != nullptr;
    }
    CHECK(caught && destroyed == before + 1);
}

static void all() {
    static volatile size_t sizes[] = {SIZE_MAX, SIZE_MAX - 64, (size_t)PTRDIFF_MAX + 1, (size_t)PTRDIFF_MAX - 100000};
    for (size_t i = 0; i < 4; i++) {
        size_t n = sizes[i];
        throws([=] { return ::operator new(n); });
        throws([=] { return ::operator new[](n); });
        CHECK(hide(::operator new(n, std::nothrow)) == nullptr);
        CHECK(hide(::operator new[](n, std::nothrow)) == nullptr);
        if (!OURS && n > SIZE_MAX - 4096) continue; // libstdc++ rounds it up to 0
        throws([=] { return ::operator new(n, std::align_val_t(64)); });
        throws([=] { return ::operator new[](n, std::align_val_t(4096)); });
        CHECK(hide(::operator new(n, std::align_val_t(64), std::nothrow)) == nullptr);
        CHECK(hide(::operator new[](n, std::align_val_t(64), std::nothrow)) == nullptr);
    }
}

int main() {
    all();
    std::thread(all).join();
    std::vector<int> numbers(1000, 5);
    bool caught = false;
    try {
        numbers.resize((size_t)PTRDIFF_MAX / sizeof(int) - 10);
    } catch (const std::bad_alloc &) {
        caught = true;
    }
    CHECK(caught && numbers.size() == 1000 && numbers[999] == 5);
    return 0;
}
