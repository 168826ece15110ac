// An overflow that realloc finds in the hardened mode is said once, whether the block moves then, stays or is freed later.
// env: FT_MALLOC=secure,on_error=warn
// glibc: no, the options are the library's
// stderr: ft_malloc: realloc\(0x[0-9a-f]+\): overflow, memory behind the 100-byte block was written \(TINY\)
// stderr: ft_malloc: realloc\(0x[0-9a-f]+\): overflow, memory behind the 98-byte block was written \(TINY\)
// stderr: ft_malloc: realloc\(0x[0-9a-f]+\): overflow, memory behind the 97-byte block was written \(TINY\)
#include "check.h"

int main(void) {
    char *moves = hide(malloc(100)), *stays = hide(malloc(98)), *grows = hide(malloc(97));
    moves[100] ^= 1; // whatever the canary has there
    moves = realloc(moves, 5000);
    // Beyond the canary, too.
    memset(stays + 98, 1, 13);
    char *same = realloc(stays, 90);
    CHECK(moves && same == stays);
    memset(grows + 97, 1, 14);
    same = realloc(grows, 103);
    CHECK(same == grows);
    for (int i = 97; i < 103; i++) CHECK(grows[i] == 0);
    free(moves);
    free(stays);
    free(grows);
    return 0;
}
