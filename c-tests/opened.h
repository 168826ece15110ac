// The library opened by a program that has a SIGSEGV handler already.
#ifndef OPENED_H
#define OPENED_H

#include "check.h"
#include <dlfcn.h>
#include <signal.h>

// Installs the handler, with these flags and one signal blocked meanwhile (0: none), opens the library, and gives a place
// inside a sampled block that was freed.
static inline char *freed_after(void (*on_fault)(int, siginfo_t *, void *), unsigned flags, int blocked) {
    struct sigaction action = {0};
    action.sa_sigaction = on_fault;
    action.sa_flags = (int)flags;
    if (blocked) sigaddset(&action.sa_mask, blocked);
    CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
    void *library = dlopen(getenv("C_TESTS_LIB"), RTLD_NOW | RTLD_LOCAL);
    CHECK(library != NULL);
    void *(*take)(size_t) = (void *(*)(size_t))dlsym(library, "malloc");
    void (*drop)(void *) = (void (*)(void *))dlsym(library, "free");
    CHECK(take && drop);
    char *p = take(40);
    drop(p);
    return hide(p + 9);
}

#endif
