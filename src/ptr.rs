//! The one door between integers and addresses, and between integer widths.
//!
//! `as` is denied everywhere else: a conversion that can lose bits has a name here that says so.
//! Pointers never come from integers: they are derived from a pointer the OS gave (strict provenance).

#![expect(clippy::as_conversions, reason = "this module is where conversions live")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "the names say so"
)]

use core::ptr::NonNull;

/// The low 8 bits of an `int`.
pub(crate) const fn low_byte(n: i32) -> u8 {
    n as u8
}

/// The low 32 bits of `n` as an `int`.
pub(crate) const fn low_int(n: usize) -> i32 {
    n as i32
}

/// `n` as `usize`; every supported target has at least 32-bit addresses.
pub(crate) const fn size(n: u32) -> usize {
    n as usize
}

/// `n` as `usize`.
pub(crate) const fn byte_size(n: u8) -> usize {
    n as usize
}

/// `n` as `usize`; lossless on the 64-bit targets this crate builds for (checked below).
pub(crate) const fn size64(n: u64) -> usize {
    n as usize
}

/// `n` as `u64`.
pub(crate) const fn wide(n: usize) -> u64 {
    n as u64
}

/// The low 32 bits of `n`.
pub(crate) const fn low32(n: usize) -> u32 {
    n as u32
}

/// The low 16 bits of `n`.
pub(crate) const fn low16(n: usize) -> u16 {
    n as u16
}

/// The low 8 bits of `n`.
pub(crate) const fn low8(n: usize) -> u8 {
    n as u8
}

/// The high and the low half of the 128-bit product of `a` and `b`.
#[inline(always)]
pub(crate) const fn widening_mul(a: u64, b: u64) -> (u64, u64) {
    let product = a as u128 * b as u128;
    ((product >> 64) as u64, product as u64)
}

/// `n` rounded up to a multiple of `unit`, a power of two; `None` when that overflows.
pub(crate) const fn round_up(n: usize, unit: usize) -> Option<usize> {
    match n.checked_add(unit - 1) {
        Some(sum) => Some(sum & !(unit - 1)),
        None => None,
    }
}

/// The pointer `bytes` behind `p`. The caller keeps it inside the mapping `p` came from.
pub(crate) fn forward(p: NonNull<u8>, bytes: usize) -> NonNull<u8> {
    NonNull::new(p.as_ptr().wrapping_add(bytes)).unwrap_or(p)
}

const _: () = assert!(size_of::<usize>() == 8, "libft_malloc needs 64-bit addresses");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_keeps_multiples_and_reports_overflow() {
        assert_eq!(round_up(0, 16), Some(0));
        assert_eq!(round_up(1, 16), Some(16));
        assert_eq!(round_up(64, 64), Some(64));
        assert_eq!(round_up(usize::MAX, 16), None);
    }

    #[test]
    fn widening_product_has_both_halves() {
        assert_eq!(widening_mul(u64::MAX, 2), (1, u64::MAX - 1));
        assert_eq!(widening_mul(3, 5), (0, 15));
    }
}
