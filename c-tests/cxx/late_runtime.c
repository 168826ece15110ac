// A library that a C program loads brings the C++ runtime along, for itself alone, as those of interpreters do. A new of its
// that fails throws nevertheless.
// plugin: cxx/late_runtime_plugin.cpp
// libs: -ldl
#include "../check.h"
#include <dlfcn.h>

int main(void) {
    void *plugin = dlopen(getenv("C_TESTS_PLUGIN"), RTLD_NOW | RTLD_LOCAL);
    CHECK(plugin != NULL);
    int (*caught)(size_t);
    *(void **)&caught = dlsym(plugin, "caught");
    CHECK(caught != NULL && caught((size_t)PTRDIFF_MAX) == 731);
    return 0;
}
