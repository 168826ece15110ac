// Opened with RTLD_DEEPBIND by deepbind.c: these calls go to the libc's own malloc and free.
#include <stdlib.h>
#include <string.h>

char *make(void) { return strdup("from the other heap"); }
void give(char *text) { free(text); }
