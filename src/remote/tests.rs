//! Tests of frees that cross threads.

use super::*;

impl Pending {
    /// Blocks that are pending.
    pub(crate) fn count(&self) -> usize {
        self.zone.get().map_or(0, |_| size(self.bits.get().count_ones()))
    }
}
