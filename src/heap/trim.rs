//! Giving memory back on request: wholly free zones, free runs, and the free pages inside zones in use.

use core::ptr::NonNull;

use super::{HEAP, slow, threads, tools};
use crate::cache::Cache;
use crate::large::Stay;
use crate::os::{Os, Unix};
use crate::size_class::{Class, GRANULE};
use crate::thread;
use crate::zone::Zone;

/// Lets at most `bytes` of free memory stay resident, whatever is in use.
pub(crate) fn set_trim_threshold(bytes: usize) -> bool {
    HEAP.pages.lock().allowed_dirty = bytes / GRANULE;
    true
}

/// Gives back all memory but `keep` bytes that is free now and that this thread may touch: its own zones', central's
/// and the page heap's. Returns whether any went.
pub(crate) fn trim(keep: usize) -> bool {
    let mut released = false;
    if let Some(cache) = thread::own() {
        release_own(cache);
        for zone in cache.available().chain(cache.full()) {
            released |= purge_holes(zone);
        }
    }
    {
        let mut central = threads::central();
        threads::collect(&mut central);
        while let Some(idle) = central.idle.pop() {
            slow::retire(idle);
        }
        for zone in central.available() {
            released |= purge_holes(zone);
        }
    }
    released |= HEAP.large.lock().expire(&Unix, &HEAP.meta, Stay::NONE);
    HEAP.pages.lock().purge(&tools(), keep / GRANULE) || released
}

/// Gives the thread's wholly free zones to the page heap, the current ones included.
pub(super) fn release_own(cache: &'static Cache) {
    cache.collect(&mut slow::freed_twice);
    Class::all().for_each(|class| cache.retire_current(class));
    slow::retire_idle(cache);
}

/// Gives back the pages of a zone, not current, on which only free blocks lie; whether any went.
fn purge_holes(zone: &'static Zone) -> bool {
    let group = Unix.page().max(zone.bytes() / 64);
    let before = zone.purged.get();
    let mut from = 0;
    while let Some((first, count)) = zone.next_free(from) {
        from = first + count;
        let start = zone.offset(first).next_multiple_of(group);
        let end = zone.offset(from).min(zone.touched()) / group * group;
        let mut at = start;
        while at < end {
            let bit = 1 << (at / group);
            if zone.purged.get() & bit == 0
                && NonNull::new(zone.start.get().wrapping_add(at)).is_some_and(|page| Unix.purge(page, group))
            {
                zone.purged.set(zone.purged.get() | bit);
            }
            at += group;
        }
    }
    zone.purged.get() != before
}
