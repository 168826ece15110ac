// Opened with RTLD_DEEPBIND by deepbind.c: these calls go to the libc's own malloc and free. strdup would not do: the
// libc calls malloc by the name, which is ours.
#include <stdlib.h>
#include <string.h>

char *make(void) { return strcpy(malloc(100), "from the other heap"); }
void give(char *text) { free(text); }
