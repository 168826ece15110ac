//! macOS: how the library gets under a program there.
//!
//! A program's `malloc` is bound to libSystem, whatever other library has one. But dyld reads pairs of functions from the
//! section `__DATA,__interpose` of the libraries that a program starts with (inserted by `DYLD_INSERT_LIBRARIES`, or
//! linked), and binds what names the second of a pair to the first, in all images but the library itself: for it,
//! `malloc` stays libSystem's. That is also why the functions in the pairs have other names here (`ft_malloc`): a `malloc`
//! of our own would be both halves of its pair.
//!
//! A process has blocks of libSystem too: older than the library, or from `malloc_zone_malloc`. `free`, `realloc` and
//! `malloc_size` pass on what is none of ours, so that libSystem, not we, reports foreign pointers.
//!
//! Not replaced:
//! - `operator new` and `operator delete`. Those of libc++ call `malloc` and `free`, and throw by themselves; their names
//!   are weak, so that pairs would take away the operators that a program has of its own.
//! - the zone functions (`malloc_zone_free`, `malloc_zone_from_ptr` …) and `malloc_type_realloc` of newer systems: they do
//!   not know our blocks.
//!
//! dyld reads no pairs in programs, so `libft_malloc.a` replaces nothing there.
//!
//! `scripts/check-targets` compiles and links this for both architectures, and reads the pairs, imports and exports of
//! the result. Nobody has run it. `aligned_alloc` needs macOS 10.15.

use core::ffi::{c_int, c_void};
use core::ptr::NonNull;

use crate::heap::{Block, Misuse};

/// A pair, as dyld reads it.
#[repr(C)]
struct Pair<F> {
    /// What the other images call.
    ours: F,
    /// What they name.
    theirs: F,
}

/// Declares libSystem's functions, in the module `theirs`, and puts the pairs into the section.
macro_rules! interpose {
    ($($ours:path => $name:ident($($type:ty),*) $(-> $result:ty)?;)*) => {
        /// libSystem's functions.
        mod theirs {
            use super::{c_int, c_void};

            unsafe extern "C" {$(
                #[doc = concat!("libSystem's `", stringify!($name), "`.")]
                pub(super) fn $name($(_: $type),*) $(-> $result)?;
            )*}
        }

        $(const _: () = {
            #[used]
            #[unsafe(link_section = "__DATA,__interpose,interposing")]
            static PAIR: Pair<unsafe extern "C" fn($($type),*) $(-> $result)?> =
                Pair { ours: $ours, theirs: theirs::$name };
        };)*
    };
}

interpose! {
    super::malloc => malloc(usize) -> *mut c_void;
    super::calloc => calloc(usize, usize) -> *mut c_void;
    super::valloc => valloc(usize) -> *mut c_void;
    super::aligned_alloc => aligned_alloc(usize, usize) -> *mut c_void;
    super::posix_memalign => posix_memalign(*mut *mut c_void, usize, usize) -> c_int;
    realloc => realloc(*mut c_void, usize) -> *mut c_void;
    reallocf => reallocf(*mut c_void, usize) -> *mut c_void;
    free => free(*mut c_void);
    free => vfree(*mut c_void);
    malloc_size => malloc_size(*const c_void) -> usize;
}

/// Whether `ptr` is no address of our heap.
fn is_theirs(ptr: *const c_void) -> bool {
    NonNull::new(ptr.cast_mut().cast()).is_some_and(|start| matches!(Block::at(start), Err(Misuse::Foreign)))
}

/// `free` for blocks of both heaps.
///
/// # Safety
/// As `free`.
unsafe extern "C" fn free(ptr: *mut c_void) {
    if is_theirs(ptr) {
        // SAFETY: our caller's promise.
        unsafe { theirs::free(ptr) }
    } else {
        // SAFETY: our caller's promise.
        unsafe { super::free(ptr) }
    }
}

/// `realloc` for blocks of both heaps: a block stays in the one that it is in.
///
/// # Safety
/// As `realloc`.
unsafe extern "C" fn realloc(ptr: *mut c_void, size: usize) -> *mut c_void {
    if is_theirs(ptr) {
        // SAFETY: our caller's promise.
        unsafe { theirs::realloc(ptr, size) }
    } else {
        // SAFETY: our caller's promise.
        unsafe { super::realloc(ptr, size) }
    }
}

/// `realloc` that frees the block when it fails.
///
/// # Safety
/// As `realloc`; after a failure, too, nobody uses the block.
unsafe extern "C" fn reallocf(ptr: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: our caller's promise.
    let block = unsafe { realloc(ptr, size) };
    // A size of 0 has freed it already.
    if block.is_null() && size != 0 {
        // SAFETY: the block is as it was, and the caller gives it up.
        unsafe { free(ptr) };
    }
    block
}

/// `malloc_usable_size` by its name there; for what is no block at all 0 without a message, since programs ask it that.
///
/// # Safety
/// As `malloc_usable_size`.
unsafe extern "C" fn malloc_size(ptr: *const c_void) -> usize {
    match NonNull::new(ptr.cast_mut().cast()).map(Block::at) {
        Some(Ok(block)) => block.usable(),
        // SAFETY: libSystem's may be asked about any address.
        Some(Err(Misuse::Foreign)) => unsafe { theirs::malloc_size(ptr) },
        Some(Err(_)) | None => 0,
    }
}
