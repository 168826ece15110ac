// A library with the C++ runtime, for a program without one.
#include <cstddef>
#include <new>

static int calls;

static void give_up() {
    if (++calls == 3) std::set_new_handler(nullptr);
}

static void throws() { throw 7; }

extern "C" int caught(std::size_t size) {
    int way = 0;
    try {
        operator delete(operator new(size));
    } catch (const std::bad_alloc &) {
        way = 1;
    }
    std::set_new_handler(give_up);
    try {
        operator delete[](operator new[](size));
    } catch (const std::bad_alloc &) {
        way += 10 * calls;
    }
    std::set_new_handler(throws);
    try {
        operator delete(operator new(size));
    } catch (int thrown) {
        way += 100 * thrown;
    }
    std::set_new_handler(nullptr);
    return operator new(size, std::nothrow) ? 0 : way;
}
