// What other libraries allocate before ours has started is hardened like the rest, and no message comes when it is freed:
// their constructors run first.
// mode: preload
// plugin: secure_early_plugin.c
// env: FT_MALLOC=secure
// emulator: no, the loader's path is the machine's
#include "check.h"
#include <dlfcn.h>
#include <unistd.h>

int main(int count, char **argument) {
    (void)count;
    if (getenv("C_TESTS_AGAIN")) {
        int *began = dlsym(RTLD_DEFAULT, "early_began");
        CHECK(began && *began);
        return 0;
    }
    static char libraries[8192];
    CHECK(snprintf(libraries, sizeof libraries, "%s:%s", getenv("LD_PRELOAD"), getenv("C_TESTS_PLUGIN")) > 0);
    CHECK(setenv("LD_PRELOAD", libraries, 1) == 0 && setenv("C_TESTS_AGAIN", "1", 1) == 0);
    execv("/proc/self/exe", argument);
    return 1;
}
