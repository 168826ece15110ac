// Every form of operator new and delete: plain, array, nothrow, sized, aligned, and all of them together.
#include "../check.h"
#include <initializer_list>
#include <new>

struct alignas(64) Wide { char bytes[192]; };
struct alignas(4096) Page { char bytes[4096]; };

template <class T> static void objects() {
    for (int round = 0; round < 50; round++) {
        T *one = new T, *many = new T[7], *quiet = new (std::nothrow) T, *quiet_many = new (std::nothrow) T[3];
        CHECK(one && many && quiet && quiet_many);
        for (T *p : {one, many, quiet, quiet_many}) CHECK(aligned(p, alignof(T)) && malloc_usable_size(p) >= sizeof(T));
        memset((void *)many, 1, 7 * sizeof(T));
        delete one;
        delete[] many;
        delete quiet;
        delete[] quiet_many;
    }
}

static void calls(size_t size) {
    ::operator delete(::operator new(size));
    ::operator delete(::operator new(size), size);
    ::operator delete[](::operator new[](size));
    ::operator delete[](::operator new[](size), size);
    ::operator delete(::operator new(size, std::nothrow), std::nothrow);
    ::operator delete[](::operator new[](size, std::nothrow), std::nothrow);
    for (size_t to = 16; to <= 65536; to *= 4) {
        std::align_val_t alignment{to};
        void *p[6] = {::operator new(size, alignment), ::operator new[](size, alignment),
                      ::operator new(size, alignment, std::nothrow), ::operator new[](size, alignment, std::nothrow),
                      ::operator new(size, alignment), ::operator new[](size, alignment)};
        for (size_t i = 0; i < 6; i++) {
            CHECK(p[i] != nullptr && aligned(p[i], to));
            fill(p[i], size, i);
        }
        for (size_t i = 0; i < 6; i++) CHECK(holds(p[i], size, i));
        ::operator delete(p[0], alignment);
        ::operator delete[](p[1], alignment);
        ::operator delete(p[2], alignment, std::nothrow);
        ::operator delete[](p[3], alignment, std::nothrow);
        ::operator delete(p[4], size, alignment);
        ::operator delete[](p[5], size, alignment);
    }
}

int main() {
    size_t before = mallinfo2().uordblks;
    objects<char>();
    objects<long double>();
    objects<Wide>();
    objects<Page>();
    for (size_t size : {size_t(0), size_t(1), size_t(16), size_t(42), size_t(1000), size_t(5000), size_t(100000)}) calls(size);
    ::operator delete(nullptr);
    ::operator delete[](nullptr);
    ::operator delete(nullptr, size_t(10));
    ::operator delete(nullptr, std::align_val_t(64));
    ::operator delete(nullptr, std::nothrow);
    void *zero = ::operator new(0), *other = ::operator new(0);
    CHECK(zero && other && zero != other);
    ::operator delete(zero);
    ::operator delete(other);
    free(::operator new(100)); // one heap under both names
    ::operator delete(malloc(100));
    CHECK(mallinfo2().uordblks <= before + 200000);
    return 0;
}
