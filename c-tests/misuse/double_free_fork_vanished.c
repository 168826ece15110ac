// A block of a thread that is in the parent alone, freed twice in the child; the child's status is ours.
#include "misuse.h"

static int ready[2];

static void *make(void *result) {
    *(void **)result = malloc(42);
    CHECK(write(ready[1], "", 1) == 1);
    for (;;) pause();
}

int main(void) {
    void *p = NULL;
    char byte;
    pthread_t thread;
    CHECK(pipe(ready) == 0 && pthread_create(&thread, NULL, make, &p) == 0 && read(ready[0], &byte, 1) == 1);
    misuse(p, p);
    in_child();
    free(p);
    free(hide(p));
    went_on();
    return alive();
}
