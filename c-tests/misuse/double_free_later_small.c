// A SMALL block freed again after hundreds of others of its size.
#include "misuse.h"

int main(void) {
    void *p[500];
    for (int i = 0; i < 500; i++) p[i] = hide(malloc(500));
    for (int i = 0; i < 499; i++) free(p[i]);
    misuse(p[0], p[0]);
    free(hide(p[0]));
    went_on();
    free(p[499]);
    return alive();
}
