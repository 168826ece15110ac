// A bad value is named once on stderr and the default stays.
// env: FT_MALLOC=purge_delay=x,on_error=perhaps
// stderr: ^ft_malloc: bad value "x" for option "purge_delay" in FT_MALLOC$
// stderr: ^ft_malloc: bad value "perhaps" for option "on_error" in FT_MALLOC$
// stderr: ^ft_malloc: free\(0x[0-9a-f]+\): unaligned pointer, 1 bytes? into the 48-byte block at 0x[0-9a-f]+ \(TINY\)$
// glibc: no, the options are the library's
#include "check.h"

int main(void) {
    void *p = hide(malloc(42));
    free(hide((char *)p + 1)); // on_error is still warn
    free(p);
    return 0;
}
