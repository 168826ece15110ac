// free_sized of a block that was freed before fork, in the child; the child's status is ours.
// libs: -Wl,--no-as-needed -lstdc++
#include "bad.h"

int main(void) {
    return freed_after_fork(FREE_SIZED, 42);
}
