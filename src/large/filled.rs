//! Whether this program fills its LARGE blocks, as far as its history tells: huge pages are for blocks that will be.
//!
//! | what is seen | then |
//! |---|---|
//! | [`RUN`] blocks in a row, or more, were filled | huge pages for the next [`TRUST`] blocks, up to twice as long |
//! | a block in small pages was not filled when it was freed | none until another [`RUN`] are filled |
//! | a block did not use the few bytes behind its huge pages | none until another block is filled |
//!
//! A huge page looks filled whatever the program does, so it is no evidence (`huge` says what is). When trust is used up
//! the next block comes in small pages, as a probe. So a program that begins to use its blocks sparsely gets [`TRUST`]
//! blocks with huge pages more, and then none.

/// Filled blocks in a row that make a habit; each costs its page faults. Of the real programs measured none has so many,
/// so none takes more memory.
const RUN: u32 = 3;

/// Blocks between two probes. Small pages take 0.49 ms a MiB, huge ones 0.09 (2026-11-21): a probe costs less than the
/// seven others.
const TRUST: u32 = 7;

/// What was seen lately.
pub(super) struct Filled {
    /// Blocks seen filled in a row, [`RUN`] at most.
    run: u32,
    /// Blocks that will get huge pages before another one has to be seen filled.
    trust: u32,
    /// Bytes of the longest block seen filled, less an eighth for each since.
    longest: usize,
}

impl Filled {
    /// Nothing was seen.
    pub(super) const fn new() -> Self {
        Self { run: 0, trust: 0, longest: 0 }
    }

    /// Notes whether a block of `bytes` is filled.
    pub(super) fn saw(&mut self, filled: bool, bytes: usize) {
        if !filled {
            *self = Self::new();
            return;
        }
        self.longest = bytes.max(self.longest - self.longest / 8);
        self.run = RUN.min(self.run + 1);
        if self.run == RUN {
            self.trust = TRUST;
        }
    }

    /// Lets the next block be a probe.
    pub(super) fn doubt(&mut self) {
        self.trust = 0;
    }

    /// Whether the next block may have huge pages.
    pub(super) fn trusts(&self) -> bool {
        self.trust > 0
    }

    /// Whether the habit was confirmed lately, so that the next block need not tell anything.
    pub(super) fn is_sure(&self) -> bool {
        self.trust > 1
    }

    /// Whether the next `bytes` of memory for a block come in huge pages.
    pub(super) fn grant(&mut self, bytes: usize) -> bool {
        let granted = self.trusts() && bytes / 2 <= self.longest;
        self.trust -= u32::from(granted);
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One that has seen `blocks` filled blocks.
    fn after(blocks: u32) -> Filled {
        let mut filled = Filled::new();
        (0..blocks).for_each(|_| filled.saw(true, 8 << 20));
        filled
    }

    /// Blocks in a row that get huge pages.
    fn granted(filled: &mut Filled) -> u32 {
        (0..100).take_while(|_| filled.grant(8 << 20)).count().try_into().expect("at most 100")
    }

    #[test]
    fn a_run_of_filled_blocks_is_trusted_for_a_while() {
        assert_eq!((0..=RUN).map(|blocks| granted(&mut after(blocks))).collect::<Vec<_>>(), [0, 0, 0, TRUST]);
        // Then each probe gives as much again, and no more however many there are.
        let mut filled = after(3 * RUN);
        assert_eq!(granted(&mut filled), TRUST);
        filled.saw(true, 8 << 20);
        assert_eq!(granted(&mut filled), TRUST);
    }

    #[test]
    fn one_block_that_is_not_filled_ends_it() {
        let mut filled = after(RUN);
        filled.saw(false, 4 << 20);
        assert_eq!(granted(&mut filled), 0);
        (1..RUN).for_each(|_| filled.saw(true, 8 << 20));
        assert_eq!(granted(&mut filled), 0);
        filled.saw(true, 8 << 20);
        assert_eq!(granted(&mut filled), TRUST);
    }

    #[test]
    fn only_blocks_of_like_length_are_granted() {
        let mut filled = after(RUN);
        assert!(filled.grant(16 << 20) && !filled.grant(17 << 20));
        // A long block is forgotten by and by.
        filled.saw(true, 100 << 20);
        assert!(filled.grant(200 << 20));
        (0..20).for_each(|_| filled.saw(true, 8 << 20));
        assert!(filled.grant(16 << 20) && !filled.grant(20 << 20));
    }
}
