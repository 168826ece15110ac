// A program that locks its memory first of all pays for what it uses: not for the address map (16 MiB), nor for what is
// reserved. Seven zones are half a MiB, and half a MiB is prepared at a time.
// mode: preload link static
// emulator: no, all of the emulator would be locked
#include "../check.h"
#include <sys/mman.h>

int main(void) {
    static void *p[7];
    const size_t before = resident();
    if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0) skip("mlockall is not allowed here (RLIMIT_MEMLOCK)");
    const size_t locked = resident();
    for (int i = 0; i < 7; i++) CHECK((p[i] = malloc(16u << i)) != NULL);
    if (resident() > before + (8u << 20)) fprintf(stderr, "resident %zu, %zu locked, %zu before\n", resident(), locked, before);
    CHECK(resident() <= before + (8u << 20));
    for (int i = 0; i < 7; i++) free(p[i]);
    return 0;
}
