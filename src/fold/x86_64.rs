//! The steps in assembly of x86-64: what the compiler would emit for plain memory.

#![expect(unsafe_code, reason = "assembly")]

use core::arch::asm;

use crate::sync::{AtomicPtr, RelaxedU8, RelaxedU64};

/// Whether `cell` holds the address of `target`.
#[inline(always)]
pub(crate) fn holds<T>(cell: &AtomicPtr<T>, target: &'static T) -> bool {
    // SAFETY: one load of 8 aligned bytes, like the relaxed one.
    unsafe {
        asm!(
            "cmp qword ptr [{0}], {1}",
            "jne {2}",
            in(reg) cell,
            in(reg) target,
            label { return false },
            options(readonly, nostack),
        );
    }
    true
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
    let (high, low);
    // SAFETY: two loads of 8 aligned bytes, which the caller says are there.
    unsafe {
        asm!(
            "sub rax, qword ptr [{0} + {first}]",
            "mul qword ptr [{0} + {reciprocal}]",
            in(reg) structure,
            inout("rax") address => low,
            out("rdx") high,
            first = const FIRST,
            reciprocal = const RECIPROCAL,
            options(pure, readonly, nostack),
        );
    }
    (high, low)
}

/// Whether `value` is less than the field `OFFSET` bytes into `structure`.
///
/// # Safety
/// A [`RelaxedU64`] is there.
#[inline(always)]
pub(crate) unsafe fn is_less<T, const OFFSET: usize>(value: u64, structure: &T) -> bool {
    // SAFETY: one load of 8 aligned bytes, which the caller says are there.
    unsafe {
        asm!(
            "cmp {0}, qword ptr [{1} + {offset}]",
            "jae {2}",
            in(reg) value,
            in(reg) structure,
            label { return false },
            offset = const OFFSET,
            options(readonly, nostack),
        );
    }
    true
}

/// Sets bit `index` of the bitmap at `words`; `false`, and nothing is done, if it is set already.
///
/// # Safety
/// The bitmap has this bit, and this thread alone writes it.
#[inline(always)]
pub(crate) unsafe fn set_bit(words: *const RelaxedU64, index: usize) -> bool {
    // SAFETY: one load and one store of 8 aligned bytes that are this thread's to write.
    unsafe {
        asm!(
            "mov {word}, qword ptr [{words} + 8 * {at}]",
            "bts {word}, {index}",
            "jc {set}",
            "mov qword ptr [{words} + 8 * {at}], {word}",
            words = in(reg) words,
            at = in(reg) index / 64,
            index = in(reg) index,
            word = out(reg) _,
            set = label { return false },
            options(nostack),
        );
    }
    true
}

/// Subtracts 1 from the counter before `place`; whether it is 0 now.
///
/// # Safety
/// A [`RelaxedU64`] that this thread alone writes is there.
#[inline(always)]
pub(crate) unsafe fn count_down_before(place: *const RelaxedU64) -> bool {
    // SAFETY: one load and one store of 8 aligned bytes that are this thread's to write.
    unsafe {
        asm!(
            "dec qword ptr [{0} - 8]",
            "jz {1}",
            in(reg) place,
            label { return true },
            options(nostack),
        );
    }
    false
}

/// Which of a window's bytes are `VALUE`, one bit each; what other threads wrote before those is seen from here on.
#[inline(always)]
pub(crate) fn mask_of<const VALUE: u8>(bytes: &[RelaxedU8; 64]) -> u64 {
    const LANES: u64 = 0x0101_0101_0101_0101;
    let mut mask: u64;
    // SAFETY: reads the 64 bytes. Loads have acquire semantics on this machine.
    unsafe {
        asm!(
            "movq {v}, {value}",
            "punpcklqdq {v}, {v}",
            "movdqu {a}, xmmword ptr [{p}]",
            "movdqu {b}, xmmword ptr [{p} + 16]",
            "pcmpeqb {a}, {v}",
            "pcmpeqb {b}, {v}",
            "pmovmskb {mask:e}, {a}",
            "pmovmskb {t:e}, {b}",
            "shl {t}, 16",
            "or {mask}, {t}",
            "movdqu {a}, xmmword ptr [{p} + 32]",
            "movdqu {b}, xmmword ptr [{p} + 48]",
            "pcmpeqb {a}, {v}",
            "pcmpeqb {b}, {v}",
            "pmovmskb {t:e}, {a}",
            "shl {t}, 32",
            "or {mask}, {t}",
            "pmovmskb {t:e}, {b}",
            "shl {t}, 48",
            "or {mask}, {t}",
            p = in(reg) bytes.as_ptr(),
            value = in(reg) LANES * crate::ptr::wide(crate::ptr::byte_size(VALUE)),
            mask = out(reg) mask,
            t = out(reg) _,
            v = out(xmm_reg) _,
            a = out(xmm_reg) _,
            b = out(xmm_reg) _,
            options(readonly, nostack),
        );
    }
    mask
}

/// Fetches the cache line at `place`, if there is memory, without waiting for it.
#[inline(always)]
pub(crate) fn prefetch(place: *const u8) {
    // SAFETY: changes nothing that the program can see, and does not fault.
    unsafe { asm!("prefetcht0 byte ptr [{}]", in(reg) place, options(nostack, preserves_flags)) };
}
