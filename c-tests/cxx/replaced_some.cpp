// A program may replace operator new(size_t) and operator delete(void *) alone: array, nothrow and sized forms end in these
// ([new.delete.single]/2, [new.delete.array]/2). What its new made must not come to our delete, nor ours to its.
// cflags: -Wno-sized-deallocation
#include "../check.h"
#include <algorithm>
#include <new>
#include <vector>

enum { HEAD = 64 };
static int news, deletes, failing;

void *operator new(size_t size) {
    char *p = failing ? nullptr : (char *)malloc(size + HEAD);
    if (!p) throw std::bad_alloc();
    news++;
    memset(p, 0x3c, HEAD);
    return p + HEAD;
}

void operator delete(void *p) noexcept {
    if (!p) return;
    char *start = (char *)p - HEAD;
    for (int i = 0; i < HEAD; i++) CHECK(start[i] == 0x3c);
    memset(start, 0, HEAD);
    deletes++;
    free(start);
}

template <class T> static T *hidden(T *p) { return static_cast<T *>(hide(p)); }

struct Some { int number; ~Some() { number = 0; } };
struct alignas(128) Wide { char bytes[128]; };

template <class F> static void one(F each) {
    int made = news, gone = deletes;
    each();
    CHECK(news == made + 1 && deletes == gone + 1);
}

int main() {
    one([] { delete hidden(new Some); });
    one([] { delete[] hidden(new int[10]); });
    one([] { delete[] hidden(new Some[10]); });
    one([] { delete hidden(new (std::nothrow) Some); });
    one([] { delete[] hidden(new (std::nothrow) Some[10]); });
    one([] { operator delete(hidden(operator new(100)), (size_t)100); });
    one([] { operator delete[](hidden(operator new[](100)), (size_t)100); });
    one([] { operator delete(hidden(operator new(100, std::nothrow)), std::nothrow); });
    one([] { operator delete[](hidden(operator new[](100, std::nothrow)), std::nothrow); });
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
