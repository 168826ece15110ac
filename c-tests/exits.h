// What handlers of the process's end do: they free a block that main has filled, and allocate.
#ifndef EXITS_H
#define EXITS_H
#include "check.h"

static void *kept;

static void use(void) {
    CHECK(holds(kept, 5000, 3));
    free(kept);
    fill(kept = malloc(5000), 5000, 3);
    for (size_t size = 1; size < 200000; size = size * 3) free(hide(calloc(1, size)));
}

#endif
