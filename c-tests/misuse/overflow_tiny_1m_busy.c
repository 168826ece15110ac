// 1 MiB written behind a TINY block in the midst of a heap of 96 MiB.
#include "blocks.h"

int main(void) {
    for (int i = 0; i < 1000000; i++) CHECK(hide(malloc(TINY)) != NULL);
    char *p = middle(TINY);
    for (int i = 0; i < 1000000; i++) CHECK(hide(malloc(TINY)) != NULL);
    misuse(p + TINY, p);
    scribble(p + TINY, 1, MIB);
    went_on();
    release(TINY);
    return alive();
}
