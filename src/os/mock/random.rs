//! Random numbers for tests.

/// Numbers that look random, the same in every run (Knuth's multiplier, the high bits).
pub(crate) struct Random(usize);

impl Random {
    /// Numbers from a seed.
    pub(crate) fn new(seed: usize) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}
