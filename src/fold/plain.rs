//! The steps as relaxed operations in Rust.

#![expect(unsafe_code, reason = "fields are found by their offsets")]

use core::sync::atomic::Ordering;

use crate::sync::{AtomicPtr, RelaxedPtr, RelaxedU8, RelaxedU64, fence};

/// The cell so many bytes into `structure`.
///
/// # Safety
/// A `C` is there.
#[inline(always)]
unsafe fn cell<T, C>(structure: &T, offset: usize) -> &C {
    // SAFETY: the caller's promise.
    unsafe { &*core::ptr::from_ref(structure).wrapping_byte_add(offset).cast() }
}

/// Whether `cell` holds the address of `target`.
#[inline(always)]
pub(crate) fn holds<T>(cell: &AtomicPtr<T>, target: &'static T) -> bool {
    core::ptr::eq(cell.load(Ordering::Relaxed), target)
}

/// The product of `address − first` and `reciprocal`, high half and low half. Both are in `structure`, so many bytes into
/// it.
///
/// # Safety
/// A pointer cell and a [`RelaxedU64`] are there.
#[inline(always)]
pub(crate) unsafe fn scale<T, const FIRST: usize, const RECIPROCAL: usize>(
    structure: &T,
    address: usize,
) -> (u64, u64) {
    // SAFETY: the caller's promise.
    let first: &RelaxedPtr<u8> = unsafe { cell(structure, FIRST) };
    // SAFETY: as above.
    let reciprocal: &RelaxedU64 = unsafe { cell(structure, RECIPROCAL) };
    crate::ptr::widening_mul(crate::ptr::wide(address.wrapping_sub(first.get().addr())), reciprocal.get())
}

/// Whether `value` is less than the field `OFFSET` bytes into `structure`.
///
/// # Safety
/// A [`RelaxedU64`] is there.
#[inline(always)]
pub(crate) unsafe fn is_less<T, const OFFSET: usize>(value: u64, structure: &T) -> bool {
    // SAFETY: the caller's promise.
    let cell: &RelaxedU64 = unsafe { cell(structure, OFFSET) };
    value < cell.get()
}

/// Sets bit `index` of the bitmap at `words`; `false`, and nothing is done, if it is set already.
///
/// # Safety
/// The bitmap has this bit, and this thread alone writes it.
#[inline(always)]
pub(crate) unsafe fn set_bit(words: *const RelaxedU64, index: usize) -> bool {
    // SAFETY: the caller's promise.
    let word = unsafe { &*words.wrapping_add(index / 64) };
    let (old, bit) = (word.get(), 1 << (index % 64));
    if old & bit != 0 {
        return false;
    }
    word.set(old | bit);
    true
}

/// Subtracts 1 from the counter before `place`; whether it is 0 now.
///
/// # Safety
/// A [`RelaxedU64`] that this thread alone writes is there.
#[inline(always)]
pub(crate) unsafe fn count_down_before(place: *const RelaxedU64) -> bool {
    // SAFETY: the caller's promise.
    let counter = unsafe { &*place.wrapping_sub(1) };
    let left = counter.get() - 1;
    counter.set(left);
    left == 0
}

/// Which of a window's bytes are `VALUE`, one bit each; what other threads wrote before those is seen from here on.
#[inline(always)]
pub(crate) fn mask_of<const VALUE: u8>(bytes: &[RelaxedU8; 64]) -> u64 {
    let has_value = bytes.iter().enumerate().filter(|(_, byte)| byte.get() == VALUE);
    let mask = has_value.fold(0, |mask, (k, _)| mask | 1 << k);
    fence(Ordering::Acquire);
    mask
}

/// Nothing: the machine may know better.
#[inline(always)]
pub(crate) fn prefetch(_place: *const u8) {}
