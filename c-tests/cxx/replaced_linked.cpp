// The same where the library is linked into the program: its operators are weak there, so that the program may have its own.
// mode: static archive
// cflags: -Wno-sized-deallocation
// glibc: no, it is about the library
#include "replaced.h"

int main() {
    every_form();
    return 0;
}
