// Bad pointers for the functions that take one beside `free`. What such a call must not do shows afterwards: the block is
// as it was, and its own release is not a misuse.
#ifndef BAD_H
#define BAD_H

#include "operators.h"

enum function { REALLOC, USABLE_SIZE, FREE_SIZED, FREE_ALIGNED_SIZED, DELETE_SIZED, DELETE_ALIGNED };

// What the aligned ones align to.
enum { ALIGNMENT = 64 };

// A block from where that function's own come.
static inline void *block_for(enum function function, size_t size) {
    if (function == FREE_SIZED) NEEDS(free_sized);
    if (function == FREE_ALIGNED_SIZED) NEEDS(free_aligned_sized);
    switch (function) {
    case FREE_ALIGNED_SIZED: return hide(aligned_alloc(ALIGNMENT, size));
    case DELETE_SIZED: return hide(operator_new(size));
    case DELETE_ALIGNED: return hide(operator_new_aligned(size, ALIGNMENT));
    default: return hide(malloc(size));
    }
}

// Releases a block of `size` bytes: by that function if it does, by `free` otherwise.
static inline void release_by(enum function function, void *p, size_t size) {
    switch (function) {
    case FREE_SIZED: free_sized(p, size); break;
    case FREE_ALIGNED_SIZED: free_aligned_sized(p, ALIGNMENT, size); break;
    case DELETE_SIZED: operator_delete_sized(p, size); break;
    case DELETE_ALIGNED: operator_delete_aligned(p, ALIGNMENT); break;
    default: free(p);
    }
}

// Passes the function a pointer that is none of a live block.
static inline void call(enum function function, void *bad, size_t size) {
    if (function == REALLOC) {
        DECLINED(realloc(bad, 100));
    } else if (function == USABLE_SIZE) {
        const size_t usable = malloc_usable_size(bad);
        went_on();
        CHECK(!OURS || usable == 0);
    } else {
        release_by(function, bad, size);
        went_on();
    }
}

// A pointer so many bytes into a live block. Gives main's exit status.
static inline int inside(enum function function, size_t size, ptrdiff_t offset) {
    void *p = block_for(function, size);
    fill(p, size, 1);
    misuse(at(p, offset), p);
    call(function, at(p, offset), size);
    CHECK(!OURS || holds(p, size, 1));
    release_by(function, p, size);
    return alive();
}

// The same in the child of a fork, whose exit status is ours.
static inline int inside_after_fork(enum function function, size_t size, ptrdiff_t offset) {
    void *p = block_for(function, size);
    fill(p, size, 1);
    misuse(at(p, offset), p);
    in_child();
    call(function, at(p, offset), size);
    CHECK(!OURS || holds(p, size, 1));
    release_by(function, p, size);
    return alive();
}

// A block that was freed before the fork, in the child.
static inline int freed_after_fork(enum function function, size_t size) {
    void *keep = block_for(function, size), *p = block_for(function, size);
    misuse(p, p);
    release_by(function, p, size);
    in_child();
    call(function, hide(p), size);
    release_by(function, keep, size);
    return alive();
}

#endif
