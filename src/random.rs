//! Numbers that look random: `SplitMix64` over a cell of the thread's own.
//!
//! For sampling and for placement that is hard to foresee, not for secrets: whoever reads the cell knows the rest. What is
//! derived from the process's seed goes through [`mix`], so that threads do not repeat each other.

use core::cell::Cell;

use crate::ptr::{size64, wide, widening_mul};

/// 2^64 / φ: steps of an even sequence.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A bijection of the 64-bit numbers without visible pattern (`SplitMix64`, Steele, Lea and Flood 2014).
pub(crate) const fn mix(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

/// The next number of a sequence whose state is in `state`.
#[inline]
pub(crate) fn next(state: &Cell<u64>) -> u64 {
    state.set(state.get().wrapping_add(STEP));
    mix(state.get())
}

/// A number below `bound`.
#[inline]
pub(crate) fn below(state: &Cell<u64>, bound: usize) -> usize {
    size64(widening_mul(next(state), wide(bound)).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_even_and_depend_on_the_seed() {
        let (one, other) = (Cell::new(1), Cell::new(2));
        let mut counts = [0; 10];
        (0..100_000).for_each(|_| counts[below(&one, 10)] += 1);
        // Nine degrees of freedom: 50 is beyond any chance.
        let chi: f64 = counts.iter().map(|&count| (f64::from(count) - 10_000.0).powi(2) / 10_000.0).sum();
        assert!(chi < 50.0, "{counts:?}");
        assert!((0..100).all(|_| next(&one) != next(&other)));
        assert_eq!(next(&Cell::new(7)), next(&Cell::new(7)));
    }
}
