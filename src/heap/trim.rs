//! Giving memory back on request: wholly free zones, free runs, and the free pages inside zones in use.

use core::ptr::NonNull;

use super::{HEAP, release, secure, slow, threads, tools};
use crate::cache::Cache;
use crate::central::{Central, MOST_SPARE};
use crate::large::Stay;
use crate::os::{Os, Unix};
use crate::ptr::{low32, size};
use crate::size_class::{Class, GRANULE};
use crate::thread;
use crate::zone::Zone;

/// Lets at most `bytes` of free memory stay resident, whatever is in use; without a number any, for any time.
pub(crate) fn set_trim_threshold(bytes: Option<usize>) -> bool {
    {
        let mut central = threads::central();
        central.most_spare = bytes.map_or(MOST_SPARE, |bytes| MOST_SPARE.min(bytes / 4));
        release_spare(&mut central);
    }
    let mut pages = HEAP.pages.lock();
    pages.allowed_dirty = bytes.unwrap_or(usize::MAX) / GRANULE;
    pages.purge_delay = if bytes.is_some() { HEAP.config.purge_delay.get() } else { u64::MAX };
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
        release_spare(&mut central);
        for zone in central.available() {
            released |= purge_holes(zone);
        }
    }
    released |= HEAP.large.lock().expire(&Unix, &HEAP.meta, Stay::NONE);
    let mut pages = HEAP.pages.lock();
    secure::reopen(&mut pages);
    pages.purge(&tools(), keep / GRANULE) || released
}

/// Gives the thread's wholly free zones to the page heap, the current ones included.
pub(super) fn release_own(cache: &'static Cache) {
    cache.collect(&mut release::freed_twice);
    Class::all().for_each(|class| cache.retire_current(class));
    slow::retire_idle(cache);
}

/// Gives central's spare zones to the page heap.
pub(super) fn release_spare(central: &mut Central) {
    central.release_spare();
    slow::retire_all(&central.idle);
}

/// Gives back the free pages of the thread's sparse zones once these have come to more than may wait: half of what the
/// page heap lets be free. In the midst of the frees, because after them there may be no call for a long time.
pub(super) fn purge_sparse(cache: &'static Cache) {
    /// Fewer bytes are not worth a look at the page heap.
    const LEAST: usize = 1 << 20;
    let bytes = cache.sparse_bytes.get();
    if bytes < LEAST || bytes / GRANULE < HEAP.pages.lock().bound() / 2 {
        return;
    }
    cache.sparse_bytes.set(0);
    for zone in cache.sparse().filter(|zone| zone.purged.get() == 0) {
        purge_holes(zone);
    }
}

/// Refusals after which the rest of a zone is left alone.
const MOST_REFUSALS: u32 = 2;

/// Gives back the pages of a zone, not current, on which only free blocks lie; whether any went.
fn purge_holes(zone: &'static Zone) -> bool {
    if zone.class() == Class::ZERO {
        return false;
    }
    let group = Unix.page().max(zone.bytes() / 64).next_power_of_two();
    let before = zone.purged.get();
    let mut left = holes(zone, group) & !before;
    let mut refusals = 0;
    // Some of its pages may be locked, or all of the program's.
    while left != 0 && refusals < MOST_REFUSALS {
        let first = left.trailing_zeros();
        let count = (left >> first).trailing_ones();
        let start = zone.start.get().wrapping_add(size(first) * group);
        let bits = ones(count) << first;
        left &= !bits;
        if NonNull::new(start).is_some_and(|start| Unix.purge(start, size(count) * group)) {
            zone.purged.set(zone.purged.get() | bits);
        } else {
            refusals += 1;
        }
    }
    zone.purged.get() != before
}

/// The groups of so many bytes (a power of two) of a zone, at most 64, that may have been touched and on which only free
/// blocks lie.
fn holes(zone: &'static Zone, group: usize) -> u64 {
    let shift = group.trailing_zeros();
    let (mut holes, mut from) = (0, 0);
    while let Some((first, count)) = zone.next_free(from) {
        from = first + count;
        let start = (zone.offset(first) + group - 1) >> shift;
        let end = zone.offset(from).min(zone.touched()) >> shift;
        if start < end {
            holes |= ones(low32(end - start)) << start;
        }
    }
    holes
}

/// The lowest `count` bits, 1 to 64.
const fn ones(count: u32) -> u64 {
    u64::MAX >> (u64::BITS - count)
}
