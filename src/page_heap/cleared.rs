//! Memory that was given back cleared: what the hardened mode hands out again has to read as zero still.

use core::ptr::NonNull;

use super::{PageHeap, Run, Tools};
use crate::os::Os;
use crate::zone::Zone;

impl PageHeap {
    /// Gives a run back that reads as zero again, of which the first `touched` bytes may be dirty. Its descriptor must be done
    /// with.
    pub(crate) fn give_cleared(&mut self, tools: &Tools<'_, impl Os>, zone: &'static Zone, touched: usize) {
        self.give_as(tools, zone, touched, true);
    }

    /// Names the granules of a run that was just taken which were not given back cleared, and may hold what others left. The
    /// rest reads as zero, unless somebody has written to free memory.
    pub(crate) fn left_by_others(tools: &Tools<'_, impl Os>, run: &Run, found: impl FnMut(NonNull<u8>)) {
        let granules = usize::from(run.zone.granules.get());
        if let Some((arena, first)) = Self::locate(tools, run.zone).filter(|_| !run.clean) {
            let left = (first..first + granules).filter(|&g| arena.dirty.has(g) && !arena.cleared.has(g));
            left.filter_map(|g| NonNull::new(arena.granule(g))).for_each(found);
        }
    }
}
