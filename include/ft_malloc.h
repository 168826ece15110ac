/*
 * ft_malloc - a malloc replacement.
 *
 * Put it under a program:  LD_PRELOAD=/path/to/libft_malloc.so program
 * Link it to one:          cc program.c -lft_malloc
 *
 * The standard functions are declared as <stdlib.h> and <malloc.h> declare them; a program needs
 * this header for the others and for show_alloc_mem. FT_MALLOC=help lists the run-time options.
 */


#ifndef FT_MALLOC_H
#define FT_MALLOC_H

/* Generated from src/ffi by `make header`; do not edit. */


#include <stddef.h>
#include <stdio.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#if defined(__cplusplus) && defined(__GLIBC__)
#define FT_NOTHROW __THROW
#else
#define FT_NOTHROW
#endif

#if !defined(__GLIBC__)
struct mallinfo {
  int arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
};
struct mallinfo2 {
  size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
};
#elif !__GLIBC_PREREQ(2, 33)
struct mallinfo2 {
  size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
};
#endif

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Allocates `size` bytes of uninitialised memory, aligned to 16.
 *
 * `malloc(0)` gives a unique pointer that can be freed. Returns NULL with errno ENOMEM when memory is exhausted or
 * `size` is above `PTRDIFF_MAX`.
 */
void *malloc(size_t size) FT_NOTHROW;

/**
 * Frees a block of any function of this library. NULL is nothing; errno is kept.
 *
 * A pointer that is not the start of a live block (freed before, interior, unaligned, foreign) is reported in one line
 * on standard error and otherwise ignored; `FT_MALLOC=on_error=` chooses other policies.
 *
 * # Safety
 * Nobody uses the block afterwards.
 */
void free(void *ptr) FT_NOTHROW;

/**
 * Allocates an array of `count` elements of `size` bytes, all bytes zero.
 *
 * Returns NULL with errno ENOMEM when memory is exhausted or the product overflows.
 */
void *calloc(size_t count, size_t size) FT_NOTHROW;

/**
 * Resizes the block at `ptr` to `size` bytes, in place if possible; the content stays up to the smaller of both sizes.
 *
 * `realloc(NULL, size)` allocates; `realloc(ptr, 0)` frees and returns NULL, as in glibc. Returns NULL with errno
 * ENOMEM when memory is exhausted, and NULL with errno EINVAL when `ptr` is no live block (which is reported as in
 * free); the old block is as it was in both cases.
 *
 * # Safety
 * Nobody uses the old pointer after success.
 */
void *realloc(void *ptr, size_t size) FT_NOTHROW;

/**
 * `realloc(ptr, count * size)` that fails with errno ENOMEM when the product overflows.
 *
 * # Safety
 * As realloc.
 */
void *reallocarray(void *ptr, size_t count, size_t size) FT_NOTHROW;

/**
 * Stores a block of `size` bytes whose address is a multiple of `alignment` in `*memptr`.
 *
 * Returns 0, or EINVAL if `alignment` is not a power of two multiple of sizeof(void *), or ENOMEM when memory is
 * exhausted; then `*memptr` is untouched. errno is kept.
 *
 * # Safety
 * `memptr` can be written.
 */
int posix_memalign(void **memptr, size_t alignment, size_t size) FT_NOTHROW;

/**
 * Allocates `size` bytes whose address is a multiple of `alignment`.
 *
 * Returns NULL with errno EINVAL if `alignment` is not a power of two, with ENOMEM when memory is exhausted.
 */
void *aligned_alloc(size_t alignment, size_t size) FT_NOTHROW;

/**
 * The older name of `aligned_alloc`.
 */
void *memalign(size_t alignment, size_t size) FT_NOTHROW;

/**
 * Allocates `size` bytes at the start of a page.
 */
void *valloc(size_t size) FT_NOTHROW;

/**
 * Allocates whole pages for `size` bytes.
 */
void *pvalloc(size_t size) FT_NOTHROW;

/**
 * The bytes of the block at `ptr` that may be used: at least what was asked for, the same as long as the block is
 * not resized. 0 for NULL and for what is no live block (which is reported as in free).
 *
 * # Safety
 * `ptr` is NULL or a live block.
 */
size_t malloc_usable_size(void *ptr) FT_NOTHROW;

/**
 * Frees a block of exactly `size` bytes (C23). Another size than the block was asked with is reported, and the block
 * stays.
 *
 * # Safety
 * As free.
 */
void free_sized(void *ptr, size_t size) FT_NOTHROW;

/**
 * Frees a block of exactly `size` bytes that was allocated with `alignment` (C23). Other figures than the block was
 * asked with are reported, and the block stays.
 *
 * # Safety
 * As free.
 */
void free_aligned_sized(void *ptr, size_t alignment, size_t size) FT_NOTHROW;

/**
 * The name of free in old BSD and `SunOS` programs.
 *
 * # Safety
 * As free.
 */
void cfree(void *ptr) FT_NOTHROW;

/**
 * Lists every live block on standard output, in increasing address order: one header line for each zone (`TINY`,
 * `SMALL`, `MEDIUM`) or LARGE block, one line for each block with the bytes that were asked for, and their sum.
 *
 * Allocates nothing and may run while other threads allocate; each block is shown as it was at some moment.
 */
void show_alloc_mem(void) FT_NOTHROW;

/**
 * Gives free memory back to the OS: wholly free zones, free runs, and free pages inside zones in use. `pad`, the bytes
 * that glibc would keep, keeps that much free memory resident. Returns 1 if any memory went, 0 if there was none.
 */
int malloc_trim(size_t pad) FT_NOTHROW;

/**
 * Sets an allocator parameter. `M_MMAP_THRESHOLD` (1025 bytes to 32 MiB), `M_TRIM_THRESHOLD` (free bytes that may
 * stay resident; negative: nothing goes back but mappings of their own and what `malloc_trim` finds) and `M_PERTURB` (a
 * fill byte, 0 for none) mean here what they mean in glibc; its other parameters are taken and change nothing. Returns 1
 * if the parameter and the value are known, 0 otherwise.
 */
int mallopt(int param, int value) FT_NOTHROW;

/**
 * Summarises the heap; see `struct mallinfo2` in malloc.h. LARGE blocks with a mapping of their own are in hblks and
 * hblkhd, all other blocks in uordblks.
 */
struct mallinfo2 mallinfo2(void) FT_NOTHROW;

/**
 * `mallinfo2` with fields of type int: figures from 2 GiB on are cut off. Programs should use `mallinfo2`.
 */
struct mallinfo mallinfo(void) FT_NOTHROW;

/**
 * Prints statistics of the heap on standard error.
 */
void malloc_stats(void) FT_NOTHROW;

/**
 * Writes the state of the heap to `stream` as XML, in glibc's vocabulary. `options` must be 0. Returns 0, or -1 with
 * errno EINVAL.
 *
 * # Safety
 * `stream` is an open stream.
 */
int malloc_info(int options, FILE *stream) FT_NOTHROW;

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* FT_MALLOC_H */
