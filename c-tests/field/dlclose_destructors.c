// A C++ library's destructors allocate and free as dlclose unmaps it: those of its static objects, of its file, and its
// atexit handlers, in the main thread and in another one. Nothing is lost over many times. (Unique symbols would keep it.)
// plugin: field/dlclose_plugin.cpp
// cflags: -fno-gnu-unique
// libs: -ldl
#include "../check.h"
#include <dlfcn.h>
#include <pthread.h>

static void *round_of(void *unused) {
    char *(*use)(void);
    void *plugin = dlopen(getenv("C_TESTS_PLUGIN"), RTLD_NOW | RTLD_LOCAL);
    CHECK(plugin != NULL);
    *(void **)&use = dlsym(plugin, "use_plugin");
    char *text = use();
    CHECK(dlclose(plugin) == 0 && dlopen(getenv("C_TESTS_PLUGIN"), RTLD_NOW | RTLD_NOLOAD) == NULL); // it is gone
    CHECK(strcmp(text, "freed by the program, after its maker is gone") == 0);
    free(text);
    return unused;
}

int main(void) {
    size_t warm = 0;
    const size_t rounds = times(50, 3000);
    // Its own libraries stay.
    CHECK(dlopen("libstdc++.so.6", RTLD_NOW | RTLD_GLOBAL) != NULL);
    for (size_t round = 0; round < rounds; round++) {
        pthread_t thread;
        if (round % 2) round_of(NULL);
        else CHECK(pthread_create(&thread, NULL, round_of, NULL) == 0 && pthread_join(thread, NULL) == 0);
        if (round == 20) warm = mallinfo2().uordblks;
    }
    CHECK(mallinfo2().uordblks <= warm + 2000); // one lost string each would be more
    counted(rounds, "libraries closed whose destructors allocate");
    return 0;
}
