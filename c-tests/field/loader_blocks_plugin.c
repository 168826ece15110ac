// Opened many times by loader_blocks.c: a library with thread-local storage.
static __thread int value = 42;
int *own(void) { return &value; }
