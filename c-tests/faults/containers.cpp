// Containers of the standard library: an insertion that throws bad_alloc leaves what was there.
#include "../faults.h"
#include <exception>
#include <map>
#include <new>
#include <string>
#include <vector>

static std::string text(int i) { return std::string((size_t)(i % 700) + 1, (char)('a' + i % 26)); }

static void fill_map(std::map<int, std::string> &map, std::vector<int> &keys) {
    for (int i = 0; i < 4000; i++) try {
        keys.push_back(i);
        map.emplace(i, text(i));
    } catch (const std::bad_alloc &) {
        CHECK(EXCUSED);
        if (!keys.empty() && keys.back() == i && !map.count(i)) keys.pop_back();
    }
}

static void no_exception() { _exit(EXCUSED ? 78 : 1); }

static void work() {
    std::set_terminate(no_exception);
    std::map<int, std::string> map;
    std::vector<int> keys;
    fill_map(map, keys);
    CHECK(keys.size() <= map.size() + 1);
    for (const auto &entry : map) {
        CHECK(entry.second.size() == (size_t)(entry.first % 700) + 1);
        CHECK(entry.second.front() == 'a' + entry.first % 26 && entry.second.back() == entry.second.front());
    }
}
