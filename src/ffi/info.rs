//! Questions about the heap, in glibc's terms, answered for this heap.

use core::ffi::{c_int, c_void};

use super::{EINVAL, set_errno};
use crate::heap::{self, HEAP};
use crate::report;

/// glibc's summary of the heap, with fields wide enough. Bytes, where it does not say blocks.
#[repr(C)]
#[allow(non_camel_case_types, reason = "the C name")]
#[derive(Clone, Copy, Debug, Default)]
pub struct mallinfo2 {
    /// Bytes of arenas that are in use or free, without LARGE mappings.
    pub arena: usize,
    /// Free blocks.
    pub ordblks: usize,
    /// Unused: 0.
    pub smblks: usize,
    /// LARGE blocks with a mapping of their own.
    pub hblks: usize,
    /// Their bytes.
    pub hblkhd: usize,
    /// Unused: 0.
    pub usmblks: usize,
    /// Unused: 0.
    pub fsmblks: usize,
    /// Bytes of blocks in use, without LARGE mappings.
    pub uordblks: usize,
    /// Free bytes of arenas.
    pub fordblks: usize,
    /// Free bytes that may be resident and that `malloc_trim` would give back.
    pub keepcost: usize,
}

/// The same with fields that wrap around: programs should use `mallinfo2`.
#[repr(C)]
#[allow(non_camel_case_types, reason = "the C name")]
#[derive(Clone, Copy, Debug, Default)]
pub struct mallinfo {
    /// See [`mallinfo2::arena`].
    pub arena: c_int,
    /// See [`mallinfo2::ordblks`].
    pub ordblks: c_int,
    /// See [`mallinfo2::smblks`].
    pub smblks: c_int,
    /// See [`mallinfo2::hblks`].
    pub hblks: c_int,
    /// See [`mallinfo2::hblkhd`].
    pub hblkhd: c_int,
    /// See [`mallinfo2::usmblks`].
    pub usmblks: c_int,
    /// See [`mallinfo2::fsmblks`].
    pub fsmblks: c_int,
    /// See [`mallinfo2::uordblks`].
    pub uordblks: c_int,
    /// See [`mallinfo2::fordblks`].
    pub fordblks: c_int,
    /// See [`mallinfo2::keepcost`].
    pub keepcost: c_int,
}

/// `mallopt` parameter: free memory at the top above which it goes back.
const M_TRIM_THRESHOLD: c_int = -1;

/// `mallopt` parameter: size from which a block has a mapping of its own.
const M_MMAP_THRESHOLD: c_int = -3;

/// `mallopt` parameter: the byte that fills freed memory, and whose complement fills allocated memory.
const M_PERTURB: c_int = -6;

/// `mallopt` parameters about parts of glibc's heap that this one lacks: `M_MXFAST`, `M_NLBLKS`, `M_GRAIN`, `M_KEEP`,
/// `M_TOP_PAD`, `M_MMAP_MAX`, `M_CHECK_ACTION`, `M_ARENA_TEST` and `M_ARENA_MAX`. Programs that set them take 0 for a
/// failure, and some end then.
const WITHOUT_EFFECT: [c_int; 9] = [1, 2, 3, 4, -2, -4, -5, -7, -8];

/// Gives free memory back to the OS: wholly free zones, free runs, and free pages inside zones in use. `pad`, the bytes
/// that glibc would keep, keeps that much free memory resident. Returns 1 if any memory went, 0 if there was none.
#[unsafe(no_mangle)]
#[cfg_attr(not(feature = "abi"), unsafe(export_name = "ft_malloc_trim"))]
pub extern "C" fn malloc_trim(pad: usize) -> c_int {
    c_int::from(heap::trim(pad))
}

/// Sets an allocator parameter. `M_MMAP_THRESHOLD` (1025 bytes to 32 MiB), `M_TRIM_THRESHOLD` (free bytes that may
/// stay resident; negative: nothing goes back but mappings of their own and what `malloc_trim` finds) and `M_PERTURB` (a
/// fill byte, 0 for none) mean here what they mean in glibc; its other parameters are taken and change nothing. Returns 1
/// if the parameter and the value are known, 0 otherwise.
#[unsafe(no_mangle)]
#[cfg_attr(not(feature = "abi"), unsafe(export_name = "ft_mallopt"))]
pub extern "C" fn mallopt(param: c_int, value: c_int) -> c_int {
    let done = match (param, usize::try_from(value)) {
        (M_MMAP_THRESHOLD, Ok(bytes)) => HEAP.config.set_mmap_threshold(bytes),
        (M_TRIM_THRESHOLD, bytes) => heap::set_trim_threshold(bytes.ok()),
        (M_PERTURB, _) => heap::set_perturb(crate::ptr::low_byte(value)),
        _ => WITHOUT_EFFECT.contains(&param),
    };
    c_int::from(done)
}

/// Summarises the heap; see `struct mallinfo2` in malloc.h. LARGE blocks with a mapping of their own are in hblks and
/// hblkhd, all other blocks in uordblks.
#[unsafe(no_mangle)]
#[cfg_attr(not(feature = "abi"), unsafe(export_name = "ft_mallinfo2"))]
pub extern "C" fn mallinfo2() -> mallinfo2 {
    let summary = report::summary();
    mallinfo2 {
        arena: summary.arena,
        ordblks: summary.free_blocks,
        hblks: summary.mappings,
        hblkhd: summary.mapped,
        uordblks: summary.used,
        fordblks: summary.free,
        keepcost: summary.resident_free,
        ..Default::default()
    }
}

/// `mallinfo2` with fields of type int: figures from 2 GiB on are cut off. Programs should use `mallinfo2`.
#[unsafe(no_mangle)]
#[cfg_attr(not(feature = "abi"), unsafe(export_name = "ft_mallinfo"))]
pub extern "C" fn mallinfo() -> mallinfo {
    let wide = mallinfo2();
    let narrow = crate::ptr::low_int;
    mallinfo {
        arena: narrow(wide.arena),
        ordblks: narrow(wide.ordblks),
        hblks: narrow(wide.hblks),
        hblkhd: narrow(wide.hblkhd),
        uordblks: narrow(wide.uordblks),
        fordblks: narrow(wide.fordblks),
        keepcost: narrow(wide.keepcost),
        ..Default::default()
    }
}

/// Prints statistics of the heap on standard error.
#[unsafe(no_mangle)]
#[cfg_attr(not(feature = "abi"), unsafe(export_name = "ft_malloc_stats"))]
pub extern "C" fn malloc_stats() {
    report::stats(crate::text::STDERR);
}

/// Writes the state of the heap to `stream` as XML, in glibc's vocabulary. `options` must be 0. Returns 0, or -1 with
/// errno EINVAL.
///
/// # Safety
/// `stream` is an open stream.
#[unsafe(no_mangle)]
#[cfg_attr(not(feature = "abi"), unsafe(export_name = "ft_malloc_info"))]
pub unsafe extern "C" fn malloc_info(options: c_int, stream: *mut FILE) -> c_int {
    if options != 0 || stream.is_null() {
        set_errno(EINVAL);
        return -1;
    }
    report::info(stream.cast::<c_void>());
    0
}

/// A C stream.
#[repr(C)]
#[derive(Debug)]
pub struct FILE {
    /// Its content is the C library's.
    _opaque: [u8; 0],
}
