//! The C ABI: the names programs call. Arguments, null, `errno`; everything else is the heap's.
//!
//! Only this layer exports symbols, only with the feature `abi`. What macOS has itself is `ft_malloc` and so on there
//! (see `interpose`), and so is everything where only tests and fuzzers call it. cbindgen reads `no_mangle`, so the header has the plain names; to rustc `export_name` comes first.

#![expect(unsafe_code, reason = "exported C functions")]
#![cfg_attr(
    any(target_os = "macos", not(feature = "abi")),
    allow(unused_attributes, reason = "no_mangle beside export_name")
)]

#[cfg(target_os = "linux")]
pub mod cxx;
#[cfg(all(target_os = "linux", target_env = "gnu", feature = "abi"))]
pub mod glibc;
pub mod info;
#[cfg(all(target_os = "macos", feature = "abi"))]
mod interpose;
#[cfg(feature = "abi")]
mod process;

use core::ffi::{c_int, c_void};
use core::ptr::{self, NonNull};

use crate::heap::{self, Block, Call, MAX_REQUEST, Misuse};
use crate::noted::noted;
use crate::os::{EINVAL, ENOMEM, set_errno};
use crate::size_class::MIN_ALIGN;

/// `block` as C sees it; null sets `errno` to `ENOMEM`.
fn or_enomem(block: *mut u8) -> *mut c_void {
    if block.is_null() {
        out_of_memory();
    }
    block.cast()
}

/// Sets `errno` to `ENOMEM`.
#[cold]
fn out_of_memory() {
    set_errno(ENOMEM);
}

/// Allocates `size` bytes of uninitialised memory, aligned to 16.
///
/// `malloc(0)` gives a unique pointer that can be freed. Returns NULL with errno ENOMEM when memory is exhausted or
/// `size` is above `PTRDIFF_MAX`.
#[unsafe(no_mangle)]
#[cfg_attr(any(target_os = "macos", not(feature = "abi")), unsafe(export_name = "ft_malloc"))]
pub extern "C" fn malloc(size: usize) -> *mut c_void {
    heap::alloc_or(size, || malloc_slow(size)).cast()
}

/// The rest of `malloc`, reached by a jump: the hit path has no frame.
#[cold]
#[cfg_attr(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")), unsafe(naked))]
extern "C" fn malloc_slow(size: usize) -> *mut u8 {
    noted!(malloc_noted(size))
}

/// The same, after the caller was noted.
extern "C" fn malloc_noted(size: usize) -> *mut u8 {
    or_enomem(heap::alloc_slow(size)).cast()
}

/// Frees a block of any function of this library. NULL is nothing; errno is kept.
///
/// A pointer that is not the start of a live block (freed before, interior, unaligned, foreign) is reported in one line
/// on standard error and otherwise ignored; `FT_MALLOC=on_error=` chooses other policies.
///
/// # Safety
/// Nobody uses the block afterwards.
#[unsafe(no_mangle)]
#[cfg_attr(any(target_os = "macos", not(feature = "abi")), unsafe(export_name = "ft_free"))]
pub unsafe extern "C" fn free(ptr: *mut c_void) {
    heap::free(ptr.cast(), Call::Free);
}

/// Allocates an array of `count` elements of `size` bytes, all bytes zero.
///
/// Returns NULL with errno ENOMEM when memory is exhausted or the product overflows.
#[unsafe(no_mangle)]
#[cfg_attr(any(target_os = "macos", not(feature = "abi")), unsafe(export_name = "ft_calloc"))]
pub extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    match count.checked_mul(size) {
        Some(bytes) => heap::alloc_zeroed_or(bytes, || calloc_slow(bytes)).cast(),
        None => or_enomem(ptr::null_mut()),
    }
}

/// `calloc` off the hit path.
#[cold]
#[cfg_attr(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")), unsafe(naked))]
extern "C" fn calloc_slow(bytes: usize) -> *mut u8 {
    noted!(calloc_noted(bytes))
}

/// The same, after the caller was noted.
extern "C" fn calloc_noted(bytes: usize) -> *mut u8 {
    or_enomem(heap::alloc_zeroed_slow(bytes)).cast()
}

/// Resizes the block at `ptr` to `size` bytes, in place if possible; the content stays up to the smaller of both sizes.
///
/// `realloc(NULL, size)` allocates; `realloc(ptr, 0)` frees and returns NULL, as in glibc. Returns NULL with errno
/// ENOMEM when memory is exhausted, and NULL with errno EINVAL when `ptr` is no live block (which is reported as in
/// free); the old block is as it was in both cases.
///
/// # Safety
/// Nobody uses the old pointer after success.
#[unsafe(no_mangle)]
#[cfg_attr(any(target_os = "macos", not(feature = "abi")), unsafe(export_name = "ft_realloc"))]
#[cfg_attr(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")), unsafe(naked))]
pub unsafe extern "C" fn realloc(ptr: *mut c_void, size: usize) -> *mut c_void {
    noted!(realloc_noted(ptr, size))
}

/// `realloc` for callers inside this library.
///
/// # Safety
/// As that.
#[cfg(all(target_os = "linux", target_env = "gnu", feature = "abi"))]
#[cfg_attr(any(target_arch = "x86_64", target_arch = "aarch64"), unsafe(naked))]
unsafe extern "C" fn realloc_here(ptr: *mut c_void, size: usize) -> *mut c_void {
    noted!(realloc_noted(ptr, size))
}

/// The same, after the caller was noted.
extern "C" fn realloc_noted(ptr: *mut c_void, size: usize) -> *mut c_void {
    let Some(start) = NonNull::new(ptr.cast::<u8>()) else { return or_enomem(heap::alloc(size)) };
    match heap::realloc(start, size) {
        Ok(block) => block.map_or(ptr::null_mut(), |block| block.as_ptr().cast()),
        Err(refused) => {
            set_errno(if refused.is_misuse() { EINVAL } else { ENOMEM });
            ptr::null_mut()
        }
    }
}

/// `realloc(ptr, count * size)` that fails with errno ENOMEM when the product overflows.
///
/// # Safety
/// As realloc.
#[unsafe(no_mangle)]
#[cfg_attr(not(feature = "abi"), unsafe(export_name = "ft_reallocarray"))]
pub unsafe extern "C" fn reallocarray(ptr: *mut c_void, count: usize, size: usize) -> *mut c_void {
    match count.checked_mul(size) {
        // The program's, if it replaces that one: see `build.rs`.
        // SAFETY: our caller's promise.
        Some(bytes) => unsafe { realloc(ptr, bytes) },
        None => or_enomem(ptr::null_mut()),
    }
}

/// Stores a block of `size` bytes whose address is a multiple of `alignment` in `*memptr`.
///
/// Returns 0, or EINVAL if `alignment` is not a power of two multiple of sizeof(void *), or ENOMEM when memory is
/// exhausted; then `*memptr` is untouched. errno is kept.
///
/// # Safety
/// `memptr` can be written.
#[unsafe(no_mangle)]
#[cfg_attr(any(target_os = "macos", not(feature = "abi")), unsafe(export_name = "ft_posix_memalign"))]
#[cfg_attr(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")), unsafe(naked))]
pub unsafe extern "C" fn posix_memalign(memptr: *mut *mut c_void, alignment: usize, size: usize) -> c_int {
    noted!(posix_memalign_noted(memptr, alignment, size))
}

/// The same, after the caller was noted.
extern "C" fn posix_memalign_noted(memptr: *mut *mut c_void, alignment: usize, size: usize) -> c_int {
    if !alignment.is_power_of_two() || !alignment.is_multiple_of(size_of::<*mut c_void>()) {
        return EINVAL;
    }
    let block = heap::alloc_aligned(alignment, size);
    if block.is_null() {
        return ENOMEM;
    }
    // SAFETY: the caller's promise to `posix_memalign`.
    unsafe { memptr.write(block.cast()) };
    0
}

/// Allocates `size` bytes whose address is a multiple of `alignment`.
///
/// Returns NULL with errno EINVAL if `alignment` is not a power of two, with ENOMEM when memory is exhausted.
#[unsafe(no_mangle)]
#[cfg_attr(any(target_os = "macos", not(feature = "abi")), unsafe(export_name = "ft_aligned_alloc"))]
#[cfg_attr(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")), unsafe(naked))]
pub extern "C" fn aligned_alloc(alignment: usize, size: usize) -> *mut c_void {
    noted!(aligned_alloc_noted(alignment, size))
}

/// The same, after the caller was noted.
extern "C" fn aligned_alloc_noted(alignment: usize, size: usize) -> *mut c_void {
    if !alignment.is_power_of_two() {
        set_errno(EINVAL);
        return ptr::null_mut();
    }
    or_enomem(heap::alloc_aligned(alignment, size))
}

/// The older name of `aligned_alloc`.
#[unsafe(no_mangle)]
#[cfg_attr(not(feature = "abi"), unsafe(export_name = "ft_memalign"))]
pub extern "C" fn memalign(alignment: usize, size: usize) -> *mut c_void {
    aligned_alloc(alignment, size)
}

/// Allocates `size` bytes at the start of a page.
#[unsafe(no_mangle)]
#[cfg_attr(any(target_os = "macos", not(feature = "abi")), unsafe(export_name = "ft_valloc"))]
pub extern "C" fn valloc(size: usize) -> *mut c_void {
    aligned_alloc(heap::page(), size)
}

/// Allocates whole pages for `size` bytes.
#[unsafe(no_mangle)]
#[cfg_attr(not(feature = "abi"), unsafe(export_name = "ft_pvalloc"))]
pub extern "C" fn pvalloc(size: usize) -> *mut c_void {
    let page = heap::page();
    let block = size.checked_next_multiple_of(page).map_or(ptr::null_mut(), |bytes| heap::alloc_aligned(page, bytes));
    or_enomem(block)
}

/// The bytes of the block at `ptr` that may be used: at least what was asked for, the same as long as the block is
/// not resized. 0 for NULL and for what is no live block (which is reported as in free).
///
/// # Safety
/// `ptr` is NULL or a live block.
#[unsafe(no_mangle)]
#[cfg_attr(not(feature = "abi"), unsafe(export_name = "ft_malloc_usable_size"))]
pub unsafe extern "C" fn malloc_usable_size(ptr: *mut c_void) -> usize {
    let Some(start) = NonNull::new(ptr.cast::<u8>()) else { return 0 };
    match heap::usable_at(start) {
        Ok(bytes) => bytes,
        Err(misuse) => {
            heap::report(Call::UsableSize, start.as_ptr().addr(), misuse);
            0
        }
    }
}

/// Frees a block of exactly `size` bytes (C23). Another size than the block was asked with is reported, and the block
/// stays.
///
/// # Safety
/// As free.
#[unsafe(no_mangle)]
#[cfg_attr(not(feature = "abi"), unsafe(export_name = "ft_free_sized"))]
pub unsafe extern "C" fn free_sized(ptr: *mut c_void, size: usize) {
    free_sized_checked(ptr.cast(), size, Call::FreeSized);
}

/// Frees a block of exactly `size` bytes that was allocated with `alignment` (C23). Other figures than the block was
/// asked with are reported, and the block stays.
///
/// # Safety
/// As free.
#[unsafe(no_mangle)]
#[cfg_attr(not(feature = "abi"), unsafe(export_name = "ft_free_aligned_sized"))]
pub unsafe extern "C" fn free_aligned_sized(ptr: *mut c_void, alignment: usize, size: usize) {
    free_checked(ptr.cast(), Some(size), Some(alignment), Call::FreeAlignedSized);
}

/// The name of free in old BSD and `SunOS` programs.
///
/// # Safety
/// As free.
#[unsafe(no_mangle)]
#[cfg_attr(not(feature = "abi"), unsafe(export_name = "ft_cfree"))]
pub unsafe extern "C" fn cfree(ptr: *mut c_void) {
    heap::free(ptr.cast(), Call::Free);
}

/// Frees a block of so many bytes.
#[inline(never)]
fn free_sized_checked(block: *mut u8, size: usize, call: Call) {
    if !heap::free_sized(block, size) {
        free_checked(block, Some(size), None, call);
    }
}

/// Frees a block after comparing what its owner says about it with what is recorded.
#[inline(never)]
fn free_checked(block: *mut u8, size: Option<usize>, align: Option<usize>, call: Call) {
    let Some(start) = NonNull::new(block) else { return };
    let complaint = match Block::at(start) {
        Ok(found) => mismatch(found, start.as_ptr().addr(), size, align),
        Err(misuse) => Some(misuse),
    };
    match complaint {
        Some(misuse) => heap::report(call, start.as_ptr().addr(), misuse),
        None => heap::free(block, call),
    }
}

/// What about `size` and `align` does not fit the block.
fn mismatch(block: Block, address: usize, size: Option<usize>, align: Option<usize>) -> Option<Misuse> {
    let (kind, requested) = (block.kind(), block.requested());
    if let Some(given) = size.filter(|&given| given != requested) {
        return Some(Misuse::WrongSize { given, requested, kind });
    }
    let given = align?;
    let fits = given.is_power_of_two() && address.is_multiple_of(given.max(MIN_ALIGN)) && given <= MAX_REQUEST;
    (!fits).then_some(Misuse::WrongAlign { given, kind })
}

/// Lists every live block on standard output, in increasing address order: one header line for each zone (`TINY`,
/// `SMALL`, `MEDIUM`) or LARGE block, one line for each block with the bytes that were asked for, and their sum.
///
/// Allocates nothing and may run while other threads allocate; each block is shown as it was at some moment.
#[unsafe(no_mangle)]
#[cfg_attr(not(feature = "abi"), unsafe(export_name = "ft_show_alloc_mem"))]
pub extern "C" fn show_alloc_mem() {
    crate::report::show(crate::text::STDOUT);
}
