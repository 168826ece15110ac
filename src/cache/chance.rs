//! What the hardened mode chooses at random: blocks, windows, zones; and zones that serve nobody any more.

use core::ptr;

use super::Cache;
use crate::list::List;
use crate::size_class::{Class, FRESH};
use crate::sync::RelaxedU8;

impl Cache {
    /// What `take_class` gives, but of the window's blocks the one that `chance` chooses; and its state byte before.
    pub(crate) fn take_random(&self, class: Class, bytes: usize, chance: u32) -> (*mut u8, u8) {
        let (Some(slot), Some(zone)) = (self.slots.get(class.index()), self.current_of(class)) else {
            return (ptr::null_mut(), FRESH);
        };
        let mut state_before = FRESH;
        let in_state = if class.records_in_state() { bytes } else { class.block() };
        let before = |state: &RelaxedU8| {
            state_before = state.get();
            if !class.records_in_state() {
                zone.set_wide_slack(class, state, bytes);
            }
        };
        let hidden = slot.hide_lower(chance);
        let block = slot.take(in_state, before, ptr::null_mut);
        slot.show(hidden);
        (block, state_before)
    }

    /// Lets the class go on in another window of its current zone, which `chance` chooses.
    pub(crate) fn turn(&self, class: Class, chance: usize) {
        if let Some(zone) = self.current_of(class) {
            zone.turn(chance);
            self.open_window(class, zone);
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
        self.surrender().for_each(|zone| zones.push(zone));
        while let Some(zone) = zones.pop() {
            zone.shelve();
            self.full.push(zone);
        }
    }
}
