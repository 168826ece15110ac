// Its constructor is the first to allocate, its destructor frees that.
#include <stdlib.h>
#include <string.h>

int early_began;
static void *volatile block[3];

__attribute__((constructor)) static void begin(void) {
    block[0] = malloc(472);
    block[1] = calloc(1, 40);
    block[2] = aligned_alloc(64, 100);
    early_began = block[0] && block[1] && block[2];
    memset(block[0], 1, 472);
}

__attribute__((destructor)) static void end(void) {
    for (int i = 0; i < 3; i++) free(block[i]);
}
