// Programs that replace operator new(size_t) and operator delete(void *) alone: what their new made must not come to our
// delete, nor ours to its.
#ifndef REPLACED_H
#define REPLACED_H

#include "../check.h"
#include <new>

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

template <class F> static void one(F each) {
    int made = news, gone = deletes;
    each();
    CHECK(news == made + 1 && deletes == gone + 1);
}

// Every form that ends in these two, by the standard.
static void every_form() {
    one([] { delete hidden(new Some); });
    one([] { delete[] hidden(new int[10]); });
    one([] { delete[] hidden(new Some[10]); });
    one([] { delete hidden(new (std::nothrow) Some); });
    one([] { delete[] hidden(new (std::nothrow) Some[10]); });
    one([] { operator delete(hidden(operator new(100)), (size_t)100); });
    one([] { operator delete[](hidden(operator new[](100)), (size_t)100); });
    one([] { operator delete(hidden(operator new(100, std::nothrow)), std::nothrow); });
    one([] { operator delete[](hidden(operator new[](100, std::nothrow)), std::nothrow); });
}

#endif
