// Containers, strings, shared pointers and threads over one heap; over-aligned elements stay aligned.
#include "../check.h"
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

struct alignas(128) Wide { int value; };
static std::mutex lock;
static std::map<int, std::shared_ptr<std::string>> shared;

static void work(int which) {
    std::unordered_map<std::string, std::vector<int>> table;
    std::list<std::string> list;
    std::deque<std::unique_ptr<int>> queue;
    for (int i = 0; i < 3000; i++) {
        std::ostringstream text;
        text << "key number " << i % 300 << " of a thread, long enough for the heap";
        table[text.str()].push_back(i);
        list.push_back(text.str());
        if (list.size() > 100) list.pop_front();
        queue.push_back(std::make_unique<int>(i));
        if (i % 3 == 0) queue.pop_front();
        if (i % 10 == 0) {
            std::lock_guard<std::mutex> guard(lock);
            shared[(which * 7 + i) % 1000] = std::make_shared<std::string>(text.str()); // drops another thread's
        }
    }
    CHECK(table.size() == 300);
    for (auto &entry : table)
        for (size_t i = 0; i < entry.second.size(); i++) CHECK(entry.second[i] % 300 == entry.second[0]);
}

int main() {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) threads.emplace_back(work, i);
    for (auto &thread : threads) thread.join();
    for (auto &entry : shared) CHECK(entry.second->compare(0, 11, "key number ") == 0);
    std::vector<Wide> wide;
    for (int i = 0; i < 1000; i++) {
        wide.push_back({i});
        CHECK(aligned(wide.data(), 128));
    }
    for (int i = 0; i < 1000; i++) CHECK(wide[(size_t)i].value == i);
    std::map<int, Wide> map;
    for (int i = 0; i < 1000; i++) CHECK(aligned(&(map[i] = {i}), 128));
    return 0;
}
