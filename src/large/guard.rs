//! A guard behind the block of a mapping: its last page, if the block leaves that, so that an overrun of whatever length
//! faults there.
//!
//! It needs no mapping of its own (`Os::guard`), and stays while the mapping is kept: a block of the same length costs no
//! call. How many come is bounded (`allowance`); a block may always have none. While the program is known to fill its
//! blocks, and gets huge pages for them, no guards come: the pages around each would be small ones.

use core::ptr::NonNull;

use super::huge::HUGE;
use super::{Large, Mapping};
use crate::meta::Meta;
use crate::os::Os;
use crate::ptr::forward;
use crate::sync::Mutex;

impl Large {
    /// Bytes more that a block gets for a guard, with so much memory that is new.
    pub(super) fn room_for_guard(&mut self, os: &impl Os, fresh: usize) -> usize {
        if !self.guards || fresh == 0 || self.filled.is_sure() || !os.knows_guards() {
            return 0;
        }
        self.allowance.earn(fresh);
        self.allowance.pass(os.now());
        if self.allowance.affords() { os.page() } else { 0 }
    }

    /// Lets the last page of a mapping be a guard if the block of `length` bytes leaves that page, as far as there may be
    /// guards. `false` if one is in the block's way.
    pub(super) fn set_guard(&mut self, os: &impl Os, mapping: &'static Mapping, length: usize) -> bool {
        let leaves = mapping.bytes() - length >= os.page();
        if mapping.guard.get() > 0 {
            return leaves || remove_guard(os, mapping);
        }
        // Inside a huge page it would make small ones of it.
        let is_whole = mapping.huge.get() && (mapping.address() + mapping.bytes()).is_multiple_of(HUGE);
        if !leaves || is_whole || !self.guards || self.filled.is_sure() || !os.knows_guards() {
            return true;
        }
        self.allowance.pass(os.now());
        if self.allowance.spend() {
            let last = NonNull::new(mapping.start()).map(|start| forward(start, mapping.bytes() - os.page()));
            let is_guard = last.is_some_and(|last| os.guard(last, os.page()));
            mapping.guard.set(if is_guard { os.page() } else { 0 });
        }
        true
    }

    /// Unmaps the guard of a mapping in no tree. It leaves no page table behind, where a huge page could not come.
    pub(super) fn unmap_guard(&mut self, os: &impl Os, meta: &'static Mutex<Meta>, mapping: &'static Mapping) {
        let (room, guard) = (mapping.room(), mapping.guard.get());
        mapping.guard.set(0);
        mapping.bytes.set(room);
        if let Some(start) = NonNull::new(mapping.start()) {
            self.unmap(os, meta, forward(start, room), guard);
        }
    }
}

/// Lets the last page of a mapping be one like the others; `false` if it stays a guard.
pub(super) fn remove_guard(os: &impl Os, mapping: &'static Mapping) -> bool {
    let (room, guard) = (mapping.room(), mapping.guard.get());
    let start = NonNull::new(mapping.start()).map(|start| forward(start, room));
    let gone = guard == 0 || start.is_some_and(|start| os.unguard(start, guard));
    mapping.guard.set(if gone { 0 } else { guard });
    gone
}
