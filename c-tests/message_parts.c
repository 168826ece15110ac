// A message that is written in parts, because the system takes no more at a time, is written to its end. This program's own
// write takes the place of libc's.
// libs: -rdynamic
// stderr: ^ft_malloc: free\(0x[0-9a-f]+\): double free of a 48-byte block \(TINY\)$
// glibc: no, it has no messages of this kind
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t write(int descriptor, const void *bytes, size_t count) {
    return syscall(SYS_write, descriptor, bytes, count < 7 ? count : 7);
}

int main(void) {
    void *volatile block = malloc(42);
    free(block);
    free(block);
    return 0;
}
