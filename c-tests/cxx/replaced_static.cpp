// The same where the C++ runtime is linked into the program, which then has only the forms that the library lacks.
// mode: link
// cflags: -Wno-sized-deallocation
// libs: -static-libstdc++
#include "replaced.h"
#include <dlfcn.h>

int main() {
    CHECK(dlerror() == nullptr); // nothing of what was looked for, and not found, before it started
    every_form();
    return 0;
}
