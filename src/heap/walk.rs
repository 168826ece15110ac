//! Reading the heap while it is in use: for `show_alloc_mem` and the statistics.
//!
//! A reader holds the mutexes of LARGE and of the page heap, so that no run disappears under it, and reads state bytes
//! that owners change at the same time: each block is seen as it was at some moment. It lets go of the mutexes before
//! it writes anything out, and goes on from an address. A signal handler that has interrupted the allocator while it
//! held a mutex gets nothing.

use super::{HEAP, MAP};
use crate::large::Mapping;
use crate::os::{Os, Unix};
use crate::ptr::size;
use crate::sampled::Slot;
use crate::size_class::{CLASSES, Class, GRANULE, Kind};
use crate::zone::{Role, Spot, Zone};

/// A live block as a report shows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    /// Address of the zone, or of the LARGE block itself.
    pub(crate) zone: usize,
    /// TINY, SMALL, MEDIUM or LARGE.
    pub(crate) kind: Kind,
    /// Address of the block.
    pub(crate) start: usize,
    /// Bytes the program asked for.
    pub(crate) requested: usize,
}

impl Item {
    /// A place to be filled.
    pub(crate) const NONE: Self = Self { zone: 0, kind: Kind::Tiny, start: 0, requested: 0 };
}

/// Fills `items` with the live blocks at or behind `address`, ascending; returns how many there are, and the address to
/// go on from. `None` in a signal handler that has interrupted a change.
pub(crate) fn items(mut address: usize, items: &mut [Item]) -> Option<(usize, usize)> {
    let large = HEAP.large.lock_from_outside()?;
    let pages = HEAP.pages.lock();
    let mut count = 0;
    while let Some(room) = items.get_mut(count..).filter(|room| !room.is_empty()) {
        let zone = zone_at(address).or_else(|| pages.next_in_use(&MAP, address));
        let mapping = large.next(address);
        if let Some(slot) = HEAP.sampled.next(address) {
            // All of them lie together, and nothing else between them.
            let before = slot.start().addr();
            let is_first = zone.is_none_or(|zone| before < zone.address())
                && mapping.is_none_or(|mapping| before < mapping.address());
            if is_first && let Some(item) = room.first_mut() {
                *item = from_slot(slot);
                count += 1;
                address = before + 1;
                continue;
            }
        }
        match (zone, mapping) {
            (Some(zone), mapping) if mapping.is_none_or(|mapping| zone.address() < mapping.address()) => {
                let (found, next) = from_zone(zone, address, room);
                count += found;
                address = next;
            }
            (_, Some(mapping)) => {
                if let Some(item) = room.first_mut() {
                    *item = from_mapping(mapping);
                    count += 1;
                }
                address = mapping.address() + mapping.bytes();
            }
            (_, None) => break,
        }
    }
    Some((count, address))
}

/// The run in use that covers `address`.
fn zone_at(address: usize) -> Option<&'static Zone> {
    MAP.find(address).filter(|zone| matches!(zone.role(), Role::Blocks | Role::Large))
}

/// The mapping as an item.
fn from_mapping(mapping: &'static Mapping) -> Item {
    let start = mapping.block();
    Item { zone: start, kind: Kind::Large, start, requested: mapping.requested() }
}

/// The sampled block as an item: its zone is its page.
fn from_slot(slot: &'static Slot) -> Item {
    let (start, requested) = (slot.start().addr(), slot.requested());
    Item { zone: start & !(Unix.page() - 1), kind: Kind::of(requested), start, requested }
}

/// Fills `items` from a run; returns how many, and the address to go on from.
pub(crate) fn from_zone(zone: &'static Zone, address: usize, items: &mut [Item]) -> (usize, usize) {
    let (start, kind) = (zone.address(), zone.kind());
    let end = start + zone.bytes();
    if zone.role() == Role::Large {
        if let Some(item) = items.first_mut().filter(|_| address <= start) {
            *item = Item { zone: start, kind, start, requested: zone.requested.get() };
            return (1, end);
        }
        return (0, end);
    }
    let block = zone.class().block();
    let first = match zone.spot(address.max(start)) {
        Spot::Start(index) => index,
        Spot::Inside(index, _) => index + 1,
        Spot::Head => 0,
    };
    let live = (first..size(zone.layout().blocks))
        .filter_map(|index| Some((zone.block_at(index).addr(), zone.requested_of(index)?)));
    let mut count: usize = 0;
    for (item, (start_of_block, requested)) in items.iter_mut().zip(live) {
        *item = Item { zone: start, kind, start: start_of_block, requested };
        count += 1;
    }
    match items.get(count.wrapping_sub(1)) {
        Some(last) if count == items.len() => (count, last.start + block),
        _ => (count, end),
    }
}

/// Blocks of one class, or of all.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct ZoneTotals {
    /// Zones.
    pub(crate) zones: usize,
    /// Live blocks.
    pub(crate) live: usize,
    /// Their bytes.
    pub(crate) used: usize,
    /// Free blocks.
    pub(crate) free: usize,
    /// Bytes that the program asked for.
    pub(crate) requested: usize,
}

/// The heap in figures; bytes unless it says otherwise.
pub(crate) struct Totals {
    /// Blocks of all classes. Those of one class are counted by themselves ([`classes`]): an array would take more
    /// than the 2 KiB of stack that a call may have.
    pub(crate) zones: ZoneTotals,
    /// LARGE blocks that are runs of arenas: how many, and bytes of their runs.
    pub(crate) runs: (usize, usize),
    /// LARGE blocks with a mapping of their own: how many, and bytes of their mappings.
    pub(crate) mappings: (usize, usize),
    /// Bytes of freed mappings that wait to be used again.
    pub(crate) kept: usize,
    /// Sampled blocks: how many, and the bytes that the program asked for.
    pub(crate) sampled: (usize, usize),
    /// Bytes that the program asked for in LARGE blocks.
    pub(crate) large_requested: usize,
    /// Bytes of arenas that are prepared, without walls before zones.
    pub(crate) mapped: usize,
    /// The most that were, without as many of those as there are now.
    pub(crate) peak_mapped: usize,
    /// Bytes of free runs.
    pub(crate) free_runs: usize,
    /// Of these, bytes that may be resident.
    pub(crate) dirty: usize,
    /// Bytes of metadata that are prepared.
    pub(crate) metadata: usize,
}

/// Counts the heap. `None` in a signal handler that has interrupted a change.
pub(crate) fn totals() -> Option<Totals> {
    let large = HEAP.large.lock_from_outside()?;
    let pages = HEAP.pages.lock();
    let mut totals = Totals {
        zones: ZoneTotals::default(),
        runs: (0, 0),
        mappings: (large.count, large.bytes),
        kept: large.kept(),
        sampled: (0, 0),
        large_requested: 0,
        mapped: (pages.mapped - pages.zone_walls) * GRANULE,
        peak_mapped: (pages.peak_mapped - pages.zone_walls) * GRANULE,
        free_runs: (pages.mapped - pages.in_use) * GRANULE,
        dirty: pages.dirty * GRANULE,
        metadata: HEAP.meta.lock().prepared,
    };
    let mut slot = HEAP.sampled.next(0);
    while let Some(live) = slot {
        totals.sampled = (totals.sampled.0 + 1, totals.sampled.1 + live.requested());
        slot = HEAP.sampled.next(live.start().addr() + 1);
    }
    let mut next = large.next(0);
    while let Some(mapping) = next {
        totals.large_requested += mapping.requested();
        next = large.next(mapping.address() + 1);
    }
    let mut address = 0;
    while let Some(zone) = pages.next_in_use(&MAP, address) {
        address = zone.address() + zone.bytes();
        if zone.role() == Role::Large {
            totals.runs.0 += 1;
            totals.runs.1 += zone.bytes();
            totals.large_requested += zone.requested.get();
        } else {
            count_zone(&mut totals.zones, zone);
        }
    }
    Some(totals)
}

/// Counts the blocks of the class with this index. `None` as in `totals`.
fn of_class(index: usize) -> Option<ZoneTotals> {
    let pages = HEAP.pages.lock_from_outside()?;
    let (mut totals, mut address) = (ZoneTotals::default(), 0);
    while let Some(zone) = pages.next_in_use(&MAP, address) {
        address = zone.address() + zone.bytes();
        if zone.role() == Role::Blocks && zone.class().index() == index {
            count_zone(&mut totals, zone);
        }
    }
    Some(totals)
}

/// Adds a zone to the totals.
fn count_zone(totals: &mut ZoneTotals, zone: &'static Zone) {
    let blocks = size(zone.layout().blocks);
    let mut live = 0;
    for requested in (0..blocks).filter_map(|index| zone.requested_of(index)) {
        live += 1;
        totals.requested += requested;
    }
    totals.zones += 1;
    totals.live += live;
    totals.used += live * zone.usable();
    totals.free += blocks - live;
}

/// The totals of all classes, each counted when it is asked for, with its index.
pub(crate) fn classes() -> impl Iterator<Item = (usize, ZoneTotals)> {
    (0..CLASSES).filter_map(|index| Some((index, of_class(index)?)))
}

/// Bytes of a page.
pub(crate) fn page() -> usize {
    Unix.page()
}

/// Bytes of a block of the class with this index.
pub(crate) fn block_of(index: usize) -> usize {
    Class::all().nth(index).map_or(0, Class::usable)
}
