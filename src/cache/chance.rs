//! What the hardened mode chooses at random: blocks, windows, zones; and zones that serve nobody any more.

use core::ptr::NonNull;

use super::Cache;
use crate::list::List;
use crate::ptr::low8;
use crate::size_class::{Class, LIVE};
use crate::zone::Zone;

impl Cache {
    /// One of the window's blocks, which `chance` chooses, for a request of `bytes` that its class can record; with its
    /// zone and the state byte that it had. `None` if the window is empty.
    #[inline]
    pub(crate) fn take_random(
        &self,
        class: Class,
        bytes: usize,
        chance: u32,
    ) -> Option<(NonNull<u8>, &'static Zone, u8)> {
        let (slot, zone) = (self.slots.get(class.index())?, self.current_of(class)?);
        let (start, state) = slot.take_random(chance)?;
        let before = state.get();
        if !class.records_in_state(bytes) {
            zone.set_wide_slack(class, state, bytes);
        }
        state.set(LIVE + low8(zone.block_bytes().wrapping_sub(class.in_state(bytes))));
        Some((start, zone, before))
    }

    /// Lets the class go on in another window of its current zone, which `chance` chooses.
    pub(crate) fn turn(&self, class: Class, chance: usize) {
        if let Some(zone) = self.current_of(class) {
            zone.turn(chance);
            self.open_window(class, zone);
        }
        if let Some(slot) = self.slots.get(class.index()) {
            slot.prefetch();
        }
    }

    /// Lets the class's zone with room that is `nth` in the list be the next one; `false` if there is none.
    pub(crate) fn shuffle(&self, class: Class, nth: usize) -> bool {
        let Some(list) = self.available.get(class.index()) else { return false };
        let Some(zone) = list.iter().take(nth + 1).last() else { return false };
        list.remove(zone);
        self.retire_current(class);
        list.push(zone);
        true
    }

    /// Puts all zones away: their blocks may be freed, and are not handed out again.
    pub(crate) fn shelve(&'static self) {
        let zones = List::new();
        self.surrender(|zone| zones.push(zone));
        while let Some(zone) = zones.pop() {
            zone.shelve();
            self.full.push(zone);
        }
    }
}
