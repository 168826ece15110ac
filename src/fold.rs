//! Seven steps of the hit paths as single instructions.
//!
//! The compiler does not fold a relaxed atomic load into the instruction that uses it, and takes three instructions to
//! set a bit whose number is in a register. On x86-64 each function here is what it would emit for plain memory; on
//! other machines it is the relaxed operation in Rust, and so it is wherever something has to see the operations: under
//! a model checker and under the thread sanitizer (`--cfg plain`).

#[cfg(any(test, not(target_arch = "x86_64"), loom, shuttle, plain))]
mod plain;
#[cfg(target_arch = "x86_64")]
#[cfg_attr(any(loom, shuttle, plain), allow(dead_code, reason = "only the test calls it"))]
mod x86_64;

#[cfg(any(not(target_arch = "x86_64"), loom, shuttle, plain))]
pub(crate) use plain::{count_down_before, holds, is_less, mask_of, prefetch, scale, set_bit};
#[cfg(all(target_arch = "x86_64", not(any(loom, shuttle, plain))))]
pub(crate) use x86_64::{count_down_before, holds, is_less, mask_of, prefetch, scale, set_bit};

#[cfg(test)]
mod tests {
    use core::mem::offset_of;

    use crate::sync::{AtomicPtr, RelaxedU8, RelaxedU64};

    /// Tests the steps of one module.
    macro_rules! each_step_does_what_it_says {
        ($steps:ident) => {
            #[test]
            #[expect(unsafe_code, reason = "cells are found by their offsets")]
            fn $steps() {
                use super::$steps::{count_down_before, holds, is_less, mask_of, prefetch, scale, set_bit};
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
                    scale::<
                        _,
                        { offset_of!((AtomicPtr<u32>, RelaxedU64), 0) },
                        { offset_of!((AtomicPtr<u32>, RelaxedU64), 1) },
                    >(&parts, address)
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
                // Whatever is there.
                [core::ptr::null(), (&raw const A).cast()].into_iter().for_each(prefetch);
                assert_eq!((mask_of::<9>(&bytes), mask_of::<7>(&bytes)), (expected, 0));
            }
        };
    }

    each_step_does_what_it_says!(plain);
    #[cfg(target_arch = "x86_64")]
    each_step_does_what_it_says!(x86_64);
}
