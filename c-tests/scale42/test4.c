// free(p + 5) and realloc(p + 5, 10) are survived; the realloc gives NULL.
// stderr: ^ft_malloc: free\(0x[0-9a-f]+\): unaligned pointer, 5 bytes into the 16-byte block at 0x[0-9a-f]+ \(TINY\)$
// stderr: ^ft_malloc: realloc\(0x[0-9a-f]+\): unaligned pointer, 5 bytes into the 16-byte block at 0x[0-9a-f]+ \(TINY\)$
// stdout: ^Bonjours$
// glibc: no, it aborts
#include "../check.h"

int main(void) {
    char *block = hide(malloc(16));
    free(NULL);
    free(hide(block + 5));
    if (realloc(hide(block + 5), 10) == NULL) return write(1, "Bonjours\n", 9) != 9;
    return 1;
}
