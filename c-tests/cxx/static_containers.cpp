// A static C++ program: operator new comes from the archive, not from libstdc++, and a failing new still throws.
// mode: static
// glibc: no, it is about the library
#include "../show.h"
#include <map>
#include <new>
#include <string>
#include <thread>

static volatile size_t huge = (size_t)PTRDIFF_MAX - 100000;

int main() {
    std::map<int, std::string> map;
    std::thread([&] { for (int i = 0; i < 1000; i++) map[i] = std::string((size_t)i, 'x'); }).join();
    CHECK(map[999].size() == 999);
    char *block = new char[4321];
    CHECK(lists(show_text(), block, 4321));
    delete[] block;
    bool caught = false;
    try {
        hide(::operator new(huge));
    } catch (const std::bad_alloc &) {
        caught = true;
    }
    CHECK(caught);
    return 0;
}
