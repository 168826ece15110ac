// operator new with a handler that frees its reserve, then gives up; bad_alloc is thrown, the nothrow forms give nullptr.
#include "../faults.h"
#include <exception>
#include <new>

static void *reserve;
static size_t called;

static void release() {
    called++;
    if (!reserve) std::set_new_handler(nullptr);
    free(reserve);
    reserve = nullptr;
}

template <class Call> static void *attempt(Call call) {
    void *p = nullptr;
    try {
        p = hide(call());
    } catch (const std::bad_alloc &) {
        CHECK(EXCUSED && called > 0);
    }
    return p;
}

static void no_exception() { _exit(EXCUSED ? 78 : 1); }

static void work() {
    std::set_terminate(no_exception);
    static void *block[400];
    for (int i = 0; i < 400; i++) {
        const size_t size = (size_t)i * (size_t)i * (i % 10 == 0 ? 30 : 1) % 200000;
        std::set_new_handler(release);
        if (!reserve) reserve = TRY(malloc(300000));
        called = 0;
        if (i % 3 == 0) block[i] = attempt([=] { return ::operator new(size); });
        if (i % 3 == 1) block[i] = attempt([=] { return ::operator new(size, std::align_val_t(64)); });
        if (i % 3 == 2) block[i] = hide(::operator new(size, std::nothrow));
        CHECK(block[i] != nullptr || (EXCUSED && called > 0));
        if (block[i]) fill(block[i], size < EDGE ? size : EDGE, (size_t)i);
    }
    for (int i = 0; i < 400; i++) {
        const size_t size = (size_t)i * (size_t)i * (i % 10 == 0 ? 30 : 1) % 200000;
        if (!block[i]) continue;
        CHECK(holds(block[i], size < EDGE ? size : EDGE, (size_t)i));
        if (i % 3 == 1) ::operator delete(block[i], size, std::align_val_t(64));
        else ::operator delete(block[i], size);
    }
    std::set_new_handler(nullptr);
    free(reserve);
    reserve = nullptr;
}
