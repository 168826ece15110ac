//! Four steps of the hit paths as single instructions.
//!
//! The compiler does not fold a relaxed atomic load into the instruction that uses it, and takes three instructions to
//! set a bit whose number is in a register. On x86-64 each function here is what it would emit for plain memory; on
//! other machines it is the relaxed operation in Rust. Worth 5 of the 42 instructions of `free`.

#![expect(unsafe_code, reason = "assembly")]

#[cfg(target_arch = "x86_64")]
use core::arch::asm;

#[cfg(any(test, not(target_arch = "x86_64")))]
use crate::sync::RelaxedU64;
use crate::sync::{Link, RelaxedU8};

/// Whether `link` leads to `target`.
#[inline(always)]
pub(crate) fn leads_to<T>(link: &Link<T>, target: &'static T) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: one load of 8 aligned bytes, like the relaxed one.
        unsafe {
            asm!(
                "cmp qword ptr [{0}], {1}",
                "jne {2}",
                in(reg) link,
                in(reg) target,
                label { return false },
                options(readonly, nostack),
            );
        }
        true
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        link.is(target)
    }
}

/// Whether the byte at `first + index` is less than `BOUND`.
///
/// # Safety
/// There is a cell at that address.
#[inline(always)]
pub(crate) unsafe fn is_below<const BOUND: u8>(first: *const RelaxedU8, index: usize) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: one load of a byte that the caller says is there.
        unsafe {
            asm!(
                "cmp byte ptr [{0} + {1}], {bound}",
                "jb {2}",
                in(reg) first,
                in(reg) index,
                label { return true },
                bound = const BOUND,
                options(readonly, nostack),
            );
        }
        false
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        // SAFETY: the caller's promise.
        unsafe { &*first.wrapping_add(index) }.get() < BOUND
    }
}

/// `word` with bit `index % 64` set.
#[inline(always)]
pub(crate) fn with_bit(word: u64, index: usize) -> u64 {
    #[cfg(target_arch = "x86_64")]
    {
        let mut word = word;
        // SAFETY: changes one register.
        unsafe { asm!("bts {0}, {1}", inout(reg) word, in(reg) index, options(pure, nomem, nostack)) };
        word
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        word | 1 << (index % 64)
    }
}

/// Subtracts 1 from the counter `OFFSET` bytes into `structure`; whether it is 0 now.
///
/// # Safety
/// A [`RelaxedU64`] that this thread alone writes is there.
#[inline(always)]
pub(crate) unsafe fn count_down<T, const OFFSET: usize>(structure: &T) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: one load and one store of 8 aligned bytes that are this thread's to write.
        unsafe {
            asm!(
                "dec qword ptr [{0} + {offset}]",
                "jz {1}",
                in(reg) structure,
                label { return true },
                offset = const OFFSET,
                options(nostack),
            );
        }
        false
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let counter: *const RelaxedU64 = core::ptr::from_ref(structure).cast::<u8>().wrapping_add(OFFSET).cast();
        // SAFETY: the caller's promise.
        let counter = unsafe { &*counter };
        let left = counter.get() - 1;
        counter.set(left);
        left == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_does_what_it_says() {
        static A: u32 = 1;
        static B: u32 = 2;
        let link = Link::none();
        link.set(Some(&A));
        assert!(leads_to(&link, &A) && !leads_to(&link, &B));

        let bytes = [RelaxedU8::new(1), RelaxedU8::new(2), RelaxedU8::new(255)];
        // SAFETY: the indices are in the array.
        let below = |index| unsafe { is_below::<2>(bytes.as_ptr(), index) };
        assert_eq!([below(0), below(1), below(2)], [true, false, false]);

        assert_eq!(with_bit(0, 64 + 5), 1 << 5);
        assert_eq!(with_bit(1 << 63, 63), 1 << 63);

        let pair = (RelaxedU64::new(7), RelaxedU64::new(2));
        // SAFETY: the second counter's offset is 8 or 0; `offset_of` knows.
        let down = || unsafe { count_down::<_, { core::mem::offset_of!((RelaxedU64, RelaxedU64), 1) }>(&pair) };
        assert!(!down() && down());
        assert_eq!((pair.0.get(), pair.1.get()), (7, 0));
    }
}
