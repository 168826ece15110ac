// Opened and closed by dlclose_destructors.c: destructors of static objects, of the file, and atexit.
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

static std::string *kept;

struct Last {
    std::vector<std::string> lines;
    Last() { for (int i = 0; i < 100; i++) lines.push_back("a line that does not fit the small string " + std::to_string(i)); }
    ~Last() {
        std::map<int, std::string> copy;
        for (size_t i = 0; i < lines.size(); i++) copy[(int)i] = lines[i] + ", copied at the end";
        if (copy.size() != 100) abort();
        lines.assign(300, std::string(100, 'x'));
    }
};
static Last first;

// The file's first, then what was registered last.
__attribute__((destructor)) static void at_unload() {
    free(memset(malloc(200000), 1, 200000));
    delete kept;
    kept = new std::string(2000, 'u');
}
static void at_exit() {
    *kept += std::string(50000, 'e');
    delete kept;
}

extern "C" void *use_plugin() {
    static Last inside;
    kept = new std::string(1000, 'k');
    if (atexit(at_exit) != 0) abort();
    return strdup("freed by the program, after its maker is gone");
}
