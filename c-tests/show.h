// Reading what show_alloc_mem prints. Every line is held against the one exact form it may have.
#ifndef SHOW_H
#define SHOW_H

#include "check.h"
#include <sys/mman.h>
#include <sys/stat.h>

struct listing {
    size_t zones, blocks, bytes;
    size_t of_class[4]; // blocks per class, in the order of class_names
};

static const char *const class_names[4] = {"TINY", "SMALL", "MEDIUM", "LARGE"};
static const size_t class_limits[4] = {128, 1024, 32768, SIZE_MAX};

// The text of one show_alloc_mem, from an unlinked file that takes the place of stdout; nothing here allocates.
static inline const char *show_text(void) {
    char path[] = "/tmp/c-tests-show-XXXXXX";
    struct stat info;
    int out = dup(1), file = mkstemp(path);
    CHECK(out >= 0 && file >= 0 && unlink(path) == 0 && dup2(file, 1) == 1);
    show_alloc_mem();
    CHECK(dup2(out, 1) == 1 && fstat(file, &info) == 0);
    CHECK(ftruncate(file, info.st_size + 1) == 0); // one zero byte: the end of the string
    void *text = mmap(NULL, (size_t)info.st_size + 1, PROT_READ, MAP_PRIVATE, file, 0);
    CHECK(text != MAP_FAILED);
    close(out);
    close(file);
    return (const char *)text;
}

static inline const char *same(const char *at, const char *line) {
    size_t length = strlen(line);
    if (strncmp(at, line, length) != 0) {
        char text[400];
        snprintf(text, sizeof text, "show_alloc_mem: expected \"%s\" at \"%.60s\"\n", line, at);
        say(text);
        _exit(1);
    }
    return at + length;
}

// Checks all lines: forms, increasing addresses, class limits, the sum. Gives the counts.
static inline struct listing check_show(const char *at) {
    struct listing seen = {0, 0, 0, {0, 0, 0, 0}};
    uintptr_t low = 0, last_zone = 0, from = 0;
    int class_ = -1;
    size_t in_zone = 1;
    char line[160], *rest;
    while (strncmp(at, "Total", 5) != 0) {
        if (strncmp(at, "0x", 2) == 0) {
            from = strtoul(at, &rest, 16);
            CHECK(strncmp(rest, " - 0x", 5) == 0);
            uintptr_t to = strtoul(rest + 3, &rest, 16);
            CHECK(class_ >= 0 && from >= low && to >= from && from >= last_zone);
            snprintf(line, sizeof line, "0x%lX - 0x%lX : %zu bytes\n", (unsigned long)from, (unsigned long)to, (size_t)(to - from));
            CHECK(to - from <= class_limits[class_]); // it may be less: realloc shrinks in place
            low = to > from ? to : from + 1; // the next block may not even touch an empty one's address
            seen.blocks++;
            seen.bytes += to - from;
            seen.of_class[class_]++;
            in_zone++;
        } else {
            CHECK(in_zone > 0); // a header without blocks
            for (class_ = 3; class_ >= 0 && strncmp(at, class_names[class_], strlen(class_names[class_])) != 0;) class_--;
            CHECK(class_ >= 0);
            uintptr_t zone = strtoul(at + strlen(class_names[class_]) + 3, NULL, 16);
            CHECK(zone > last_zone && zone >= low);
            snprintf(line, sizeof line, "%s : 0x%lX\n", class_names[class_], (unsigned long)zone);
            last_zone = zone;
            seen.zones++;
            in_zone = 0;
        }
        at = same(at, line);
    }
    CHECK(in_zone > 0);
    snprintf(line, sizeof line, "Total : %zu bytes\n", seen.bytes);
    at = same(at, line);
    CHECK(*at == '\0');
    return seen;
}

static inline int class_of(size_t size) {
    int class_ = 0;
    while (size > class_limits[class_]) class_++;
    return class_;
}

// The block is listed with exactly this size.
static inline int lists(const char *text, const void *block, size_t size) {
    char line[160];
    unsigned long from = (unsigned long)address(block);
    snprintf(line, sizeof line, "\n0x%lX - 0x%lX : %zu bytes\n", from, (unsigned long)(from + size), size);
    return strstr(text, line) != NULL;
}

#endif
