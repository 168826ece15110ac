//! C++ `operator new` and `operator delete` in every form, without linking a C++ runtime.
//!
//! Four forms are the ground of all others; these are the C++ runtime's where a program replaces a few forms (`replaced`).
//!
//! A `new` that fails calls the new-handler and tries again, as the standard says ([new.delete.single]), until there is
//! none; then it throws `std::bad_alloc` (`failed`).

#![cfg_attr(not(feature = "abi"), allow(non_snake_case, reason = "with the feature they are names of C++"))]

mod failed;
#[cfg(feature = "abi")]
mod linked;
pub(super) mod replaced;
mod thrown;

use core::ffi::c_void;
use core::ptr;

use failed::{new_failed, nothrow_new_failed};
use replaced::{Next, forwarded};

use super::{free_checked, free_sized_checked};
use crate::heap::{self, Call};
use crate::noted::noted;
use crate::size_class::MIN_ALIGN;

/// An aligned block, as `aligned_alloc`; null for an alignment that is no power of two.
fn aligned(size: usize, align: usize) -> *mut c_void {
    if align.is_power_of_two() { heap::alloc_aligned(align, size).cast() } else { ptr::null_mut() }
}

/// A throwing `new`.
#[inline(always)]
fn new_or_throw(size: usize) -> *mut c_void {
    heap::alloc_or(size, || new_slow(size)).cast()
}

/// The rest of it, reached by a jump.
#[cold]
#[cfg_attr(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")), unsafe(naked))]
extern "C" fn new_slow(size: usize) -> *mut u8 {
    noted!(new_noted(size))
}

/// The same, after the caller was noted.
extern "C" fn new_noted(size: usize) -> *mut u8 {
    let block = heap::alloc_slow(size);
    if block.is_null() {
        // SAFETY: the loop takes any size; this is the last thing this frame does.
        return unsafe { new_failed(size, MIN_ALIGN) }.cast();
    }
    block
}

/// A throwing `new` with an alignment.
fn new_aligned_or_throw(size: usize, align: usize) -> *mut c_void {
    let block = aligned(size, align);
    if block.is_null() {
        // SAFETY: as above.
        return unsafe { new_failed(size, align) };
    }
    block
}

/// A `new` that returns null.
fn new_or_null(size: usize, align: usize) -> *mut c_void {
    let block = aligned(size, align);
    if block.is_null() {
        // SAFETY: as above.
        return unsafe { nothrow_new_failed(size, align) };
    }
    block
}

/// Defines exported functions with one body.
macro_rules! export {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) $(-> $result:ty)? = $body:expr;)*) => {$(
        $(#[$doc])*
        #[cfg_attr(feature = "abi", unsafe(no_mangle))]
        #[cfg_attr(feature = "abi", unsafe(link_section = "ft_malloc_operators"))]
        pub extern "C" fn $name($($arg: $type),*) $(-> $result)? { $body }
    )*};
}

/// `std::nothrow_t const &`, of which only the type matters.
type NoThrow = *const c_void;

export! {
    /// `operator new(size_t)`.
    _Znwm(size: usize) -> *mut c_void = new_or_throw(size);
    /// `operator new(size_t, align_val_t)`.
    _ZnwmSt11align_val_t(size: usize, align: usize) -> *mut c_void = new_aligned_or_throw(size, align);
    /// `operator delete(void *)`.
    _ZdlPv(block: *mut c_void) = heap::free(block.cast(), Call::Delete);
    /// `operator delete(void *, align_val_t)`.
    _ZdlPvSt11align_val_t(block: *mut c_void, align: usize) =
        free_checked(block.cast(), None, Some(align), Call::Delete);
}

forwarded! {
    /// `operator new[](size_t)`.
    _Znam(size: usize) -> *mut c_void = new_or_throw(size);
    /// `operator new(size_t, nothrow)`.
    _ZnwmRKSt9nothrow_t(size: usize, _t: NoThrow) -> *mut c_void = new_or_null(size, MIN_ALIGN);
    /// `operator new[](size_t, nothrow)`.
    _ZnamRKSt9nothrow_t(size: usize, _t: NoThrow) -> *mut c_void = new_or_null(size, MIN_ALIGN);
    /// `operator new[](size_t, align_val_t)`.
    _ZnamSt11align_val_t(size: usize, align: usize) -> *mut c_void = new_aligned_or_throw(size, align);
    /// `operator new(size_t, align_val_t, nothrow)`.
    _ZnwmSt11align_val_tRKSt9nothrow_t(size: usize, align: usize, _t: NoThrow) -> *mut c_void = new_or_null(size, align);
    /// `operator new[](size_t, align_val_t, nothrow)`.
    _ZnamSt11align_val_tRKSt9nothrow_t(size: usize, align: usize, _t: NoThrow) -> *mut c_void = new_or_null(size, align);
    /// `operator delete[](void *)`.
    _ZdaPv(block: *mut c_void) = heap::free(block.cast(), Call::Delete);
    /// `operator delete(void *, nothrow)`.
    _ZdlPvRKSt9nothrow_t(block: *mut c_void, _t: NoThrow) = heap::free(block.cast(), Call::Delete);
    /// `operator delete[](void *, nothrow)`.
    _ZdaPvRKSt9nothrow_t(block: *mut c_void, _t: NoThrow) = heap::free(block.cast(), Call::Delete);
    /// `operator delete(void *, size_t)`.
    _ZdlPvm(block: *mut c_void, size: usize) = free_sized_checked(block.cast(), size, Call::Delete);
    /// `operator delete[](void *, size_t)`.
    _ZdaPvm(block: *mut c_void, size: usize) = free_sized_checked(block.cast(), size, Call::Delete);
    /// `operator delete[](void *, align_val_t)`.
    _ZdaPvSt11align_val_t(block: *mut c_void, align: usize) =
        free_checked(block.cast(), None, Some(align), Call::Delete);
    /// `operator delete(void *, align_val_t, nothrow)`.
    _ZdlPvSt11align_val_tRKSt9nothrow_t(block: *mut c_void, align: usize, _t: NoThrow) =
        free_checked(block.cast(), None, Some(align), Call::Delete);
    /// `operator delete[](void *, align_val_t, nothrow)`.
    _ZdaPvSt11align_val_tRKSt9nothrow_t(block: *mut c_void, align: usize, _t: NoThrow) =
        free_checked(block.cast(), None, Some(align), Call::Delete);
    /// `operator delete(void *, size_t, align_val_t)`.
    _ZdlPvmSt11align_val_t(block: *mut c_void, size: usize, align: usize) =
        free_checked(block.cast(), Some(size), Some(align), Call::Delete);
    /// `operator delete[](void *, size_t, align_val_t)`.
    _ZdaPvmSt11align_val_t(block: *mut c_void, size: usize, align: usize) =
        free_checked(block.cast(), Some(size), Some(align), Call::Delete);
}
