// An unknown key is named once on stderr and ignored; the options beside it count.
// env: FT_MALLOC=foo=1,on_error=ignore
// stderr: ^ft_malloc: unknown option "foo" in FT_MALLOC \(FT_MALLOC=help lists them\)$
// glibc: no, the options are the library's
#include "check.h"

int main(void) {
    void *p = hide(malloc(42));
    free(hide((char *)p + 1)); // ignored in silence
    free(p);
    return 0;
}
