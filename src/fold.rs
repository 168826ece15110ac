//! Six steps of the hit paths as single instructions.
//!
//! The compiler does not fold a relaxed atomic load into the instruction that uses it, and takes three instructions to
//! set a bit whose number is in a register. On x86-64 each function here is what it would emit for plain memory; on
//! other machines it is the relaxed operation in Rust.

#![expect(unsafe_code, reason = "assembly")]

#[cfg(target_arch = "x86_64")]
use core::arch::asm;

use core::sync::atomic::AtomicPtr;

#[cfg(not(target_arch = "x86_64"))]
use crate::sync::RelaxedPtr;
use crate::sync::{RelaxedU8, RelaxedU64};

/// Whether `cell` holds the address of `target`.
#[inline(always)]
pub(crate) fn holds<T>(cell: &AtomicPtr<T>, target: &'static T) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
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
    #[cfg(not(target_arch = "x86_64"))]
    {
        core::ptr::eq(cell.load(core::sync::atomic::Ordering::Relaxed), target)
    }
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
    #[cfg(target_arch = "x86_64")]
    {
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
    #[cfg(not(target_arch = "x86_64"))]
    {
        let field = |offset| core::ptr::from_ref(structure).cast::<u8>().wrapping_add(offset);
        // SAFETY: the caller's promise.
        let (first, reciprocal) =
            unsafe { (&*field(FIRST).cast::<RelaxedPtr<u8>>(), &*field(RECIPROCAL).cast::<RelaxedU64>()) };
        crate::ptr::widening_mul(crate::ptr::wide(address.wrapping_sub(first.get().addr())), reciprocal.get())
    }
}

/// Whether `value` is less than the field `OFFSET` bytes into `structure`.
///
/// # Safety
/// A [`RelaxedU64`] is there.
#[inline(always)]
pub(crate) unsafe fn is_less<T, const OFFSET: usize>(value: u64, structure: &T) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
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
    #[cfg(not(target_arch = "x86_64"))]
    {
        // SAFETY: the caller's promise.
        value < unsafe { &*core::ptr::from_ref(structure).cast::<u8>().wrapping_add(OFFSET).cast::<RelaxedU64>() }.get()
    }
}

/// Sets bit `index` of the bitmap at `words`; `false`, and nothing is done, if it is set already.
///
/// # Safety
/// The bitmap has this bit, and this thread alone writes it.
#[inline(always)]
pub(crate) unsafe fn set_bit(words: *const RelaxedU64, index: usize) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
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
    #[cfg(not(target_arch = "x86_64"))]
    {
        // SAFETY: the caller's promise.
        let word = unsafe { &*words.wrapping_add(index / 64) };
        let bit = 1 << (index % 64);
        let is_set = word.get() & bit != 0;
        word.set(word.get() | bit);
        !is_set
    }
}

/// Subtracts 1 from the counter before `place`; whether it is 0 now.
///
/// # Safety
/// A [`RelaxedU64`] that this thread alone writes is there.
#[inline(always)]
pub(crate) unsafe fn count_down_before(place: *const RelaxedU64) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
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
    #[cfg(not(target_arch = "x86_64"))]
    {
        // SAFETY: the caller's promise.
        let counter = unsafe { &*place.wrapping_sub(1) };
        let left = counter.get() - 1;
        counter.set(left);
        left == 0
    }
}

/// Which of a window's bytes are `VALUE`, one bit each; what other threads wrote before those is seen from here on.
#[inline(always)]
pub(crate) fn mask_of<const VALUE: u8>(bytes: &[RelaxedU8; 64]) -> u64 {
    #[cfg(target_arch = "x86_64")]
    {
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
    #[cfg(not(target_arch = "x86_64"))]
    {
        use core::sync::atomic::{Ordering, fence};
        let has_value = bytes.iter().enumerate().filter(|(_, byte)| byte.get() == VALUE);
        let mask = has_value.fold(0, |mask, (k, _)| mask | 1 << k);
        fence(Ordering::Acquire);
        mask
    }
}

#[cfg(test)]
mod tests {
    use core::mem::offset_of;

    use super::*;

    #[test]
    fn each_step_does_what_it_says() {
        static A: u32 = 1;
        static B: u32 = 2;
        let cell = AtomicPtr::new((&raw const A).cast_mut());
        assert!(holds(&cell, &A) && !holds(&cell, &B));

        let words = [RelaxedU64::new(1), RelaxedU64::new(1 << 62)];
        // SAFETY: two words.
        let set = |index| unsafe { set_bit(words.as_ptr(), index) };
        assert!(set(64) && set(127) && set(63));
        assert!(![0, 63, 64, 126, 127].into_iter().any(set));
        assert_eq!((words[0].get(), words[1].get()), (1 << 63 | 1, 3 << 62 | 1));

        let (target, address) = (&raw const A, (&raw const A).addr());
        let parts = (AtomicPtr::new(target.cast_mut()), RelaxedU64::new(u64::MAX / 48 + 1));
        // SAFETY: the offsets are those of the cells.
        let scaled = |address| unsafe {
            scale::<_, { offset_of!((AtomicPtr<u32>, RelaxedU64), 0) }, { offset_of!((AtomicPtr<u32>, RelaxedU64), 1) }>(
                &parts, address,
            )
        };
        assert_eq!((scaled(address), scaled(address + 480).0, scaled(address + 479).0), ((0, 0), 10, 9));

        let pair = (RelaxedU64::new(7), RelaxedU64::new(2));
        // SAFETY: as below.
        let less = |value| unsafe { is_less::<_, { offset_of!((RelaxedU64, RelaxedU64), 1) }>(value, &pair) };
        assert_eq!([less(1), less(2), less(3)], [true, false, false]);
        let words = [RelaxedU64::new(2), RelaxedU64::new(7)];
        // SAFETY: the second word has one before it.
        let down = || unsafe { count_down_before(&raw const words[1]) };
        assert!(!down() && down());
        assert_eq!((words[0].get(), words[1].get()), (0, 7));

        let bytes: [RelaxedU8; 64] = core::array::from_fn(|k| RelaxedU8::new([9, 0, 9, 1, 8][k % 5]));
        let expected = (0..64).filter(|k| matches!(k % 5, 0 | 2)).fold(0, |mask: u64, k| mask | 1 << k);
        assert_eq!((mask_of::<9>(&bytes), mask_of::<7>(&bytes)), (expected, 0));
    }
}
