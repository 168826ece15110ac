// C++ operator delete with an alignment of a pointer to the middle of a block that came before fork, in the child; the child's status is ours.
// libs: -Wl,--no-as-needed -lstdc++
#include "bad.h"

int main(void) {
    return inside_after_fork(DELETE_ALIGNED, 192, 64);
}
