// A string constant.
#include "misuse.h"

int main(void) {
    void *p = hide((void *)"text");
    misuse(p, p);
    free(p);
    went_on();
    return alive();
}
