//! Runs for guarded zones: behind one or two granules that nobody may use, as far as the OS allows.
//!
//! When memory ends the OS may refuse to make these accessible again, for they would count. Such a run is *closed*: without
//! memory and inaccessible as a whole, which counts less and lets the next ones pass. It stays in use, for nobody, and is
//! tried again whenever a run is wanted or memory is to go back.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

use super::super::{HEAP, careful, tools};
use super::{Call, check_free, clear};
use crate::os::{Os, Unix};
use crate::page_heap::{PageHeap, Run};
use crate::ptr::size;
use crate::random::below;
use crate::size_class::{Class, FRESH, GRANULE};
use crate::zone::{Role, Zone};

/// Most guards of zones at a time: each may cost two of the 65,530 mappings that Linux allows.
const MOST_GUARDS: usize = 12_000;

/// Guards of zones.
static GUARDS: AtomicUsize = AtomicUsize::new(0);

/// A run for a zone, behind one or two granules that nobody may use, as far as the OS allows. It reads as zero, unless
/// somebody has written to free memory, which is seen when the blocks are handed out.
pub(in crate::heap) fn take_run(class: Class) -> Option<Run> {
    let granules = size(class.layout().granules);
    let chance = careful::cache().map_or(0, |cache| below(&cache.random, 2));
    let guard = if GUARDS.load(Ordering::Relaxed) < MOST_GUARDS { 1 + chance } else { 0 };
    let run = {
        let mut pages = HEAP.pages.lock();
        reopen(&mut pages);
        pages.take(&tools(), granules + guard, 1, false)?
    };
    PageHeap::left_by_others(&tools(), &run, |granule| clear(granule, GRANULE));
    if let Some(start) = NonNull::new(run.zone.start.get()).filter(|_| guard > 0) {
        GUARDS.fetch_add(1, Ordering::Relaxed);
        Unix.protect(start, guard * GRANULE);
    }
    Some(run)
}

/// Gives the run of a guarded zone back.
pub(in crate::heap) fn give_run(zone: &'static Zone, touched: usize) {
    // The next zone here will know nothing of its blocks.
    let used = zone.states().iter().enumerate().filter(|(_, state)| state.get() != FRESH);
    used.filter_map(|(index, _)| NonNull::new(zone.block_at(index)))
        .for_each(|start| check_free(start, zone.block_bytes(), zone.block_bytes(), Call::Free));
    // It is nobody's. If the process forks now, the child must not find it and do this again.
    zone.set_role(Role::None);
    let guard = (usize::from(zone.granules.get()) - size(zone.layout().granules)) * GRANULE;
    if guard == 0 {
        return HEAP.pages.lock().give_cleared(&tools(), zone, touched);
    }
    let is_open = open(zone, guard);
    if !is_open && let Some(start) = NonNull::new(zone.start.get()) {
        Unix.purge(start, zone.bytes());
        Unix.protect(start, zone.bytes());
    }
    let mut pages = HEAP.pages.lock();
    if is_open {
        pages.give_cleared(&tools(), zone, touched);
    } else {
        pages.closed.push(zone);
    }
}

/// Gives back the closed runs, as far as the OS makes them accessible by now.
pub(in crate::heap) fn reopen(pages: &mut PageHeap) {
    while let Some(zone) = pages.closed.pop() {
        if !open(zone, zone.bytes()) {
            return pages.closed.push(zone);
        }
        // It was not purged if the program has locked its memory.
        pages.give(&tools(), zone, zone.bytes());
    }
}

/// Makes the first `bytes` of a run, its guard among them, accessible again; whether the OS did.
fn open(zone: &'static Zone, bytes: usize) -> bool {
    let is_open = NonNull::new(zone.start.get()).is_some_and(|start| Unix.prepare(start, bytes));
    if is_open {
        GUARDS.fetch_sub(1, Ordering::Relaxed);
    }
    is_open
}

/// The number of guards, for tests.
#[cfg(test)]
pub(in crate::heap) fn guards() -> &'static AtomicUsize {
    &GUARDS
}
