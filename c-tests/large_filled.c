// Huge pages for LARGE blocks are for programs that fill them: whoever uses a few pages of each has a few pages resident.
// After three blocks that were filled, the next seven may be wrong guesses, and no more.
// emulator: no, pages and page faults are its own
#include "pages.h"

#define M ((size_t)1 << 20)
enum { SIZE = 16 << 20, LIVE = 40, GUESSES = 7 };

// Blocks of which one page in every 2 MiB is used, allocated and freed many times.
static void use_sparsely(size_t allowed) {
    static char *p[LIVE];
    const size_t before = resident();
    for (int i = 0; i < 10 * LIVE; i++) {
        free(p[i % LIVE]);
        CHECK((p[i % LIVE] = malloc(SIZE)) != NULL);
        for (size_t at = 0; at < SIZE; at += 2 * M) p[i % LIVE][at + (size_t)(i % LIVE) * 4096] = 1;
        CHECK(resident() < before + allowed);
    }
    for (int i = 0; i < LIVE; i++) {
        free(p[i]);
        p[i] = NULL;
    }
}

static size_t faults_to_fill(char **block) {
    const size_t before = faults();
    CHECK((*block = malloc(SIZE)) != NULL);
    memset(*block, 1, SIZE);
    return faults() - before;
}

static void let_go(char **block, int count) {
    for (int i = 0; i < count; i++) free(block[i]);
    usleep(100000); // or the mappings freed last would serve the next blocks
}

int main(void) {
    static char *p[GUESSES + 1];
    use_sparsely(4 * M); // 40 times eight pages
    let_go(NULL, 0);
    for (int i = 0; i < 3; i++) faults_to_fill(&p[i]);
    let_go(p, 3);
    const int measured = OURS && huge_pages();
    for (int i = 0; i < GUESSES; i++) {
        size_t came = faults_to_fill(&p[i]);
        CHECK(!measured || came < SIZE / 4096 / 10);
    }
    // One more, in small pages: it confirms the habit, so that there are guesses left for those that follow.
    faults_to_fill(&p[GUESSES]);
    let_go(p, GUESSES + 1);
    use_sparsely((size_t)SIZE * GUESSES + 16 * M);
    if (OURS && !measured) skip("the machine gives no huge pages: only sparse use was tested");
    return 0;
}
