//! Runs in use that shrink and grow where they are.

use super::{PageHeap, Tools, guards};
use crate::arena::GRANULES;
use crate::os::Os;
use crate::ptr::low16;
use crate::size_class::GRANULE;
use crate::zone::Zone;

impl PageHeap {
    /// Lets a run in use end after `granules`, fewer than it has.
    pub(crate) fn shrink(&mut self, tools: &Tools<'_, impl Os>, zone: &'static Zone, granules: usize) {
        let old = usize::from(zone.granules.get());
        let Some((arena, first)) = Self::locate(tools, zone) else { return };
        let Some(tail) = arena.zone(first + granules).filter(|_| granules < old) else { return };
        zone.granules.set(low16(granules));
        tail.start.set(arena.granule(first + granules));
        tail.granules.set(low16(old - granules));
        tail.dense.set(zone.dense.get());
        self.give(tools, tail, (old - granules) * GRANULE);
    }

    /// Lets a run in use grow to `granules` if the granules behind it are free, or not prepared yet.
    pub(crate) fn extend(&mut self, tools: &Tools<'_, impl Os>, zone: &'static Zone, granules: usize) -> bool {
        let old = usize::from(zone.granules.get());
        let Some((arena, first)) = Self::locate(tools, zone) else { return false };
        let behind = first + old;
        if first + granules > arena.ready() {
            self.extend_frontier(tools, arena, behind, first + granules);
        }
        let Some(more) = granules.checked_sub(old).filter(|_| first + granules <= GRANULES) else { return false };
        let Some(free) = arena.zone(behind).filter(|_| arena.free.has(behind)) else { return false };
        let length = usize::from(free.granules.get());
        if length < more || !guards::remove(tools, arena, behind - 1, more + 1) {
            return false;
        }
        self.unlink(arena, behind, length);
        self.link(arena, behind + more, length - more);
        let dirty = arena.dirty.count(behind, more);
        self.dirty -= dirty;
        self.allowance.earn((more - dirty) * GRANULE);
        self.in_use += more;
        self.dense += if zone.dense.get() { more } else { 0 };
        arena.old.remove(behind, more);
        arena.blank.remove(behind, more);
        // From now on nobody knows what is clean in there.
        arena.dirty.insert(behind, more);
        zone.granules.set(low16(granules));
        arena.set_table(first, granules, true);
        true
    }
}
