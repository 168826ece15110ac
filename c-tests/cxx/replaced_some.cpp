// A program may replace operator new(size_t) and operator delete(void *) alone: array, nothrow and sized forms end in these
// ([new.delete.single]/2, [new.delete.array]/2). What its new made must not come to our delete, nor ours to its.
// cflags: -Wno-sized-deallocation
#include "replaced.h"
#include <algorithm>
#include <vector>

struct alignas(128) Wide { char bytes[128]; };

int main() {
    every_form();
    delete hidden(new Wide);
    delete[] hidden(new Wide[3]);
    std::vector<int> numbers(1000);
    for (int i = 0; i < 1000; i++) numbers[i] = i * 7919 % 1000;
    std::stable_sort(numbers.begin(), numbers.end());
    CHECK(numbers[0] == 0 && numbers[999] == 999);
    failing = 1;
    CHECK(hidden(new (std::nothrow) Some) == nullptr && hidden(new (std::nothrow) int[10]) == nullptr);
    bool thrown = false;
    try { delete[] hidden(new int[10]); } catch (const std::bad_alloc &) { thrown = true; }
    CHECK(thrown);
    return 0;
}
