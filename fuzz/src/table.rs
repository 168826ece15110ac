//! Every function that allocates or frees, to be chosen by a number.

#![allow(unsafe_code, reason = "calls of the library")]

use core::ffi::c_void;
use core::ptr;

use super::ffi::{self, cxx};

/// A block as a call gave it.
pub(crate) struct Made {
    /// Where it is; null if there is none.
    pub(crate) block: *mut u8,
    /// Bytes that it was asked for with.
    pub(crate) requested: usize,
    /// What its address must be a multiple of.
    pub(crate) align: usize,
    /// Whether it must read as zero.
    pub(crate) zeroed: bool,
}

/// Functions that allocate.
pub(crate) const ALLOCATORS: usize = 17;

/// Allocates `size` bytes with function number `form`; those that take an alignment get `align`, a power of two.
pub(crate) fn allocate(form: usize, size: usize, align: usize) -> Made {
    let plain = |block: *mut c_void| Made { block: block.cast(), requested: size, align: 16, zeroed: false };
    let aligned = |block: *mut c_void| Made { align: align.max(16), ..plain(block) };
    match form % ALLOCATORS {
        0 => plain(ffi::malloc(size)),
        1 => {
            // As many elements as there are, so that the product is the size.
            let count = if size.is_multiple_of(8) { 8 } else { 1 };
            Made { zeroed: true, ..plain(ffi::calloc(count, size / count)) }
        }
        // SAFETY: null is no block.
        2 => plain(unsafe { ffi::realloc(ptr::null_mut(), size) }),
        // SAFETY: as above.
        3 => plain(unsafe { ffi::reallocarray(ptr::null_mut(), size, 1) }),
        4 => aligned(ffi::aligned_alloc(align, size)),
        5 => {
            let mut block = ptr::null_mut();
            // SAFETY: a place for the answer.
            assert_eq!(unsafe { ffi::posix_memalign(&raw mut block, align.max(8), size) }, 0);
            aligned(block)
        }
        6 => aligned(ffi::memalign(align, size)),
        7 => Made { align: 4096, ..plain(ffi::valloc(size)) },
        8 => Made { align: 4096, requested: size.next_multiple_of(page()), ..plain(ffi::pvalloc(size)) },
        9 => plain(cxx::_Znwm(size)),
        10 => plain(cxx::_Znam(size)),
        11 => plain(cxx::_ZnwmRKSt9nothrow_t(size, ptr::null())),
        12 => plain(cxx::_ZnamRKSt9nothrow_t(size, ptr::null())),
        13 => aligned(cxx::_ZnwmSt11align_val_t(size, align)),
        14 => aligned(cxx::_ZnamSt11align_val_t(size, align)),
        15 => aligned(cxx::_ZnwmSt11align_val_tRKSt9nothrow_t(size, align, ptr::null())),
        _ => aligned(cxx::_ZnamSt11align_val_tRKSt9nothrow_t(size, align, ptr::null())),
    }
}

/// Bytes of a page.
fn page() -> usize {
    // SAFETY: always callable.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).expect("a size")
}

/// A function that frees.
pub(crate) struct Release {
    /// What messages call it.
    pub(crate) name: &'static str,
    /// Whether it is told the size.
    pub(crate) sized: bool,
    /// Whether it is told the alignment.
    pub(crate) aligned: bool,
    /// The function itself: block, size, alignment.
    pub(crate) call: fn(*mut c_void, usize, usize),
}

/// A row of [`RELEASES`].
const fn row(name: &'static str, sized: bool, aligned: bool, call: fn(*mut c_void, usize, usize)) -> Release {
    Release { name, sized, aligned, call }
}

/// What messages call all forms of `delete`.
const DELETE: &str = "operator delete";

/// Functions that free.
pub(crate) const RELEASES: [Release; 16] = [
    // SAFETY: here and below: the caller gives up the block, or it is none and the call is to find out.
    row("free", false, false, |block, _, _| unsafe { ffi::free(block) }),
    // SAFETY: as above.
    row("free", false, false, |block, _, _| unsafe { ffi::cfree(block) }),
    // SAFETY: as above.
    row("free_sized", true, false, |block, size, _| unsafe { ffi::free_sized(block, size) }),
    // SAFETY: as above.
    row("free_aligned_sized", true, true, |block, size, align| unsafe { ffi::free_aligned_sized(block, align, size) }),
    row(DELETE, false, false, |block, _, _| cxx::_ZdlPv(block)),
    row(DELETE, false, false, |block, _, _| cxx::_ZdaPv(block)),
    row(DELETE, false, false, |block, _, _| cxx::_ZdlPvRKSt9nothrow_t(block, ptr::null())),
    row(DELETE, false, false, |block, _, _| cxx::_ZdaPvRKSt9nothrow_t(block, ptr::null())),
    row(DELETE, true, false, |block, size, _| cxx::_ZdlPvm(block, size)),
    row(DELETE, true, false, |block, size, _| cxx::_ZdaPvm(block, size)),
    row(DELETE, false, true, |block, _, align| cxx::_ZdlPvSt11align_val_t(block, align)),
    row(DELETE, false, true, |block, _, align| cxx::_ZdaPvSt11align_val_t(block, align)),
    row(DELETE, false, true, |block, _, align| cxx::_ZdlPvSt11align_val_tRKSt9nothrow_t(block, align, ptr::null())),
    row(DELETE, false, true, |block, _, align| cxx::_ZdaPvSt11align_val_tRKSt9nothrow_t(block, align, ptr::null())),
    row(DELETE, true, true, |block, size, align| cxx::_ZdlPvmSt11align_val_t(block, size, align)),
    row(DELETE, true, true, |block, size, align| cxx::_ZdaPvmSt11align_val_t(block, size, align)),
];
