// Destructors of thread_local C++ objects allocate and free, after others have run and as the thread ends (jemalloc#896,
// mimalloc#1177); what they free was allocated by other threads as well. Nothing is lost over 1000 threads.
#include "../check.h"
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

struct Late {
    std::vector<std::string> lines;
    ~Late() {
        std::map<int, std::string> copy;
        for (size_t i = 0; i < lines.size(); i++) copy[(int)i] = lines[i] + " and some more text, too long for the object";
        CHECK(copy.size() == 50);
        lines.assign(200, std::string(100, 'x'));
    }
};
static thread_local Late first;
static thread_local std::unique_ptr<Late> second;
static thread_local std::string third;

static void work() {
    third.assign(5000, 'a');
    second = std::make_unique<Late>();
    for (int i = 0; i < 50; i++) {
        first.lines.push_back("a line that does not fit the small string " + std::to_string(i));
        second->lines.push_back(first.lines.back());
    }
}

int main() {
    size_t warm = 0;
    work(); // main's own destructors run at exit
    const size_t threads = times(1000, 30000);
    for (size_t i = 0; i < threads; i++) {
        std::thread(work).join();
        if (i == 100) warm = mallinfo2().uordblks;
    }
    CHECK(mallinfo2().uordblks <= warm + 5000); // one lost string a thread would be more
    counted(threads, "threads with TLS destructors");
    return 0;
}
