// The same in a program that lies at a fixed address and takes that of malloc: the loader calls by that name a place in the
// program, from where it goes on to the library.
// cflags: -Wno-sized-deallocation -fno-pie
// mode: link
// libs: -no-pie
#include "replaced.h"

int main() {
    auto function = &malloc;
    asm volatile("" : "+r"(function));
    one([&] { free(function(10)); operator delete(hidden(operator new(100))); });
    every_form();
    return 0;
}
