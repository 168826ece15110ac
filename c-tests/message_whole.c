// A message is one write: messages of several threads and processes never mix. A socket that keeps what each write gave apart.
// glibc: no, it has no messages of this kind
#include "check.h"
#include <sys/socket.h>

int main(void) {
    int ends[2];
    char text[400], expected[200];
    char *block = malloc(42);
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
    int before = dup(2);
    CHECK(dup2(ends[1], 2) == 2);
    free(block + 5);
    CHECK(dup2(before, 2) == 2);
    ssize_t length = recv(ends[0], text, sizeof text - 1, MSG_DONTWAIT);
    CHECK(length > 0);
    text[length] = 0;
    snprintf(expected, sizeof expected,
             "ft_malloc: free(%p): unaligned pointer, 5 bytes into the 48-byte block at %p (TINY)\n",
             (void *)(block + 5), (void *)block);
    CHECK(strcmp(text, expected) == 0);
    CHECK(recv(ends[0], text, sizeof text, MSG_DONTWAIT) == -1);
    free(block);
    return 0;
}
