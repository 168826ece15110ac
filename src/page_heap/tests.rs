//! Tests of the page heap and of `grow`, on the mock OS.

#![expect(unsafe_code, reason = "writes the memory of runs")]

mod failing;
mod guards;
mod huge;
mod invariants;
mod locked;
mod model;
mod walls;

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::collections::BTreeSet;

use super::*;
use crate::arena::Bits;
use crate::os::mock::{Kind, Mock};
use crate::ptr::size;

/// What a page heap works with in one test.
pub(super) struct World {
    /// The operating system.
    pub(super) os: Mock,
    /// The address map.
    pub(super) map: &'static AddressMap,
    /// The metadata pool.
    meta: &'static Mutex<Meta>,
    /// Where arenas begin.
    near: *mut u8,
}

/// Worlds so far.
static WORLDS: AtomicUsize = AtomicUsize::new(0);

impl World {
    /// A world of its own.
    pub(super) fn new(os: Mock) -> Self {
        // SAFETY: all fields are atomics, for which zero is valid. On the heap at once: 16 MiB are too much for a stack.
        let map = Box::leak(unsafe { Box::<AddressMap>::new_zeroed().assume_init() });
        // Far from each other: a world whose arenas are not where it wants them takes other ways.
        let apart = WORLDS.fetch_add(1, Relaxed) << 35;
        let near = core::ptr::from_mut(map).cast::<u8>().wrapping_sub(apart);
        Self { os, map, meta: Box::leak(Box::new(Mutex::new(Meta::new()))), near }
    }

    /// What the page heap gets.
    pub(super) fn tools(&self) -> Tools<'_, Mock> {
        Tools { os: &self.os, map: self.map, meta: self.meta, near: self.near }
    }

    /// So many runs of so many granules.
    pub(super) fn runs(&self, heap: &mut PageHeap, count: usize, granules: usize) -> Vec<&'static Zone> {
        (0..count).map(|_| heap.take(&self.tools(), granules, 1, false).expect("memory").zone).collect()
    }

    /// Lets time pass.
    fn wait(&self, milliseconds: u64) {
        self.os.clock.fetch_add(milliseconds, Relaxed);
    }
}

/// Bytes of a run.
fn bytes_of(zone: &'static Zone) -> &'static [u8] {
    // SAFETY: the run is in use by the test alone, mapped and initialised by the OS.
    unsafe { core::slice::from_raw_parts(zone.start.get(), zone.bytes()) }
}

/// Writes to the first `bytes` of a run.
fn fill(zone: &'static Zone, bytes: usize, byte: u8) {
    assert!(bytes <= zone.bytes());
    fill_at(zone.start.get(), bytes, byte);
}

/// Writes to so many bytes of a run.
fn fill_at(start: *const u8, bytes: usize, byte: u8) {
    // SAFETY: the run is in use by the test alone and has so many bytes.
    unsafe { start.cast_mut().write_bytes(byte, bytes) };
}

/// Whether all of `bytes` are `fill`. Compares granules at a time, which is fast without optimisation too.
fn is_all(bytes: &[u8], fill: u8) -> bool {
    let pattern = vec![fill; GRANULE];
    bytes.chunks(GRANULE).all(|chunk| chunk == &pattern[..chunk.len()])
}

#[test]
fn free_memory_goes_back_between_one_and_two_delays() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    world.os.clock.store(1_000_000, Relaxed);
    let purged = || world.os.purged.load(Relaxed) / GRANULE;
    let first = heap.take(&tools, 5, 1, false).expect("memory").zone;
    let second = heap.take(&tools, 3, 1, false).expect("memory").zone;
    heap.take(&tools, 1, 1, false).expect("memory");
    let busy = |heap: &mut PageHeap| {
        // The check runs when runs are taken or given. These granules lie elsewhere and are not touched.
        let run = heap.take(&tools, 100, 1, false).expect("memory");
        assert!(run.clean);
        heap.give(&tools, run.zone, 0);
        heap.check_invariants(world.map);
    };
    heap.give(&tools, first, 5 * GRANULE);
    for age in 0..10 {
        assert_eq!(purged(), 0, "after {age} tenths of a delay");
        if age == 5 {
            heap.give(&tools, second, 3 * GRANULE);
        }
        busy(&mut heap);
        world.wait(99);
    }
    // The second run is younger by half a delay.
    let mut went = [0; 40];
    for amount in &mut went {
        world.wait(51);
        busy(&mut heap);
        *amount = purged();
    }
    assert!(went[19] >= 5 && went[19 + 10] == 8, "{went:?}");
    assert!(went.iter().all(|amount| [0, 5, 8].contains(amount)) && heap.dirty == 0);
}

#[test]
fn memory_in_use_again_does_not_go_back() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    world.os.clock.store(1_000_000, Relaxed);
    // Freed and taken again within every delay, over many: never idle for one.
    for _ in 0..50 {
        let run = heap.take(&tools, 4, 1, false).expect("memory");
        fill(run.zone, 4 * GRANULE, 1);
        world.wait(300);
        heap.give(&tools, run.zone, 4 * GRANULE);
        world.wait(300);
        heap.check_invariants(world.map);
    }
    assert_eq!(world.os.calls(Kind::Purge), 0);
}

#[test]
fn free_dirty_memory_is_bounded() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    let mut runs = world.runs(&mut heap, 700, 10);
    let mut highest = 0;
    while let Some(zone) = runs.pop() {
        heap.give(&tools, zone, 10 * GRANULE);
        assert!(heap.dirty <= ALLOWED_DIRTY.max(heap.in_use / 8), "{} dirty beside {}", heap.dirty, heap.in_use);
        highest = highest.max(heap.dirty);
    }
    assert!(highest > 700, "an eighth of 7000 granules is used: {highest}");
    assert!(heap.dirty > 0, "below the bound the delay decides");
    heap.check_invariants(world.map);
    // Arenas without anything in them go as a whole, at the latest with their last dirty granule.
    for _ in 0..3 {
        let run = heap.take(&tools, 1, 1, false).expect("memory");
        heap.give(&tools, run.zone, 0);
        world.wait(heap.purge_delay);
    }
    assert!(heap.arenas().count() <= 2, "{} arenas", heap.arenas().count());
    heap.check_invariants(world.map);
}

#[test]
fn a_large_heap_takes_few_calls_and_few_mappings() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    // 16 GiB of address space, not touched.
    for _ in 0..32_768 {
        heap.take(&tools, 8, 1, false).expect("address space");
    }
    heap.check_invariants(world.map);
    let (reserves, prepares) = (world.os.calls(Kind::Reserve), world.os.calls(Kind::Prepare));
    assert!(heap.arenas().count() == 256 && reserves < 300, "{reserves} reservations");
    // Some at first, then 16 MiB at a time.
    assert!(prepares < 16 + 4 * 256 + 60, "{prepares} prepare calls");
    assert!(world.os.mappings() < 30, "{} mappings", world.os.mappings());
}

#[test]
fn the_shortest_run_that_fits_is_taken() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    // One free run of a whole arena, cut from the front.
    let whole = heap.take(&tools, GRANULES, 1, false).expect("memory").zone;
    heap.give(&tools, whole, 0);
    // Free runs of these lengths, kept apart by runs in use; 70, 80 and 90 hang in one bin.
    let lengths = [90, 4, 70, 9, 80, 200, 3];
    let runs = lengths.map(|granules| {
        let zone = heap.take(&tools, granules, 1, false).expect("memory").zone;
        heap.take(&tools, 1, 1, false).expect("memory");
        zone
    });
    for zone in runs {
        heap.give(&tools, zone, 0);
    }
    heap.check_invariants(world.map);
    for (granules, expected) in [(66, 2), (76, 4), (86, 0), (8, 3), (150, 5)] {
        let zone = heap.take(&tools, granules, 1, false).expect("memory").zone;
        assert_eq!(zone.address(), runs[expected].address(), "{granules} granules");
    }
}

#[test]
fn the_last_run_grows_into_what_is_not_prepared_yet() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    let zone = heap.take(&tools, 4, 1, false).expect("memory").zone;
    fill(zone, 4 * GRANULE, 7);
    for granules in [5, 40, 500, GRANULES] {
        assert!(heap.extend(&tools, zone, granules), "to {granules}");
        assert!(zone.bytes() == granules * GRANULE && is_all(&bytes_of(zone)[..4 * GRANULE], 7));
        heap.check_invariants(world.map);
    }
    // Not over another run, nor where the OS refuses.
    heap.shrink(&tools, zone, 100);
    heap.purge(&tools, 0);
    let other = heap.take(&tools, 1, 1, false).expect("memory").zone;
    assert!(!heap.extend(&tools, zone, 101) && other.address() == zone.address() + 100 * GRANULE);
    heap.check_invariants(world.map);
}

#[test]
fn the_next_run_in_use_is_found_across_arenas_and_gaps() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    let runs = world.runs(&mut heap, 4, 600);
    for run in &runs {
        run.set_role(Role::Large);
    }
    // The arena of the second one goes.
    heap.give(&tools, runs[1], 0);
    heap.purge(&tools, 0);
    assert_eq!((heap.arenas().count(), world.map.arena(runs[1].address()).is_none()), (3, true));
    let next = |address| heap.next_in_use(world.map, address).map(Zone::address);
    let mut expected = None;
    for run in [runs[3], runs[2], runs[0]] {
        let (start, end) = (run.address(), run.address() + run.bytes());
        assert_eq!(
            [next(start + 1), next(end), next(start - 1), next(start)],
            [expected, expected, Some(start), Some(start)]
        );
        expected = Some(start);
    }
    assert_eq!([next(0), next(runs[1].address())], [Some(runs[0].address()), Some(runs[2].address())]);
}

#[test]
fn nonsense_is_refused() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    for (granules, align) in [(0, 1), (GRANULES + 1, 1), (GRANULES, 2), (1, 2 * GRANULES), (600, 512)] {
        assert!(heap.take(&tools, granules, align, false).is_none());
    }
    assert_eq!(world.os.calls(Kind::Reserve), 0);
    let whole = heap.take(&tools, GRANULES, 1, false).expect("a whole arena").zone;
    assert!(!heap.extend(&tools, whole, GRANULES + 1));
    heap.check_invariants(world.map);
}

#[test]
fn memory_that_is_there_comes_before_a_better_fit() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    let mut run = |granules| {
        let zone = heap.take(&tools, granules, 1, false).expect("memory").zone;
        // What stays in use keeps its neighbours apart.
        heap.take(&tools, 1, 1, false).expect("memory");
        zone
    };
    let [untouched, touched] = [run(2), run(4)];
    heap.give(&tools, untouched, 0);
    heap.give(&tools, touched, 4 * GRANULE);
    let first = heap.take(&tools, 2, 1, false).expect("memory");
    assert!(core::ptr::eq(first.zone, touched) && !first.clean);
    // Longer than what is left of it: the exact fit.
    heap.take(&tools, 2, 1, false).expect("memory");
    let last = heap.take(&tools, 2, 1, false).expect("memory");
    assert!(core::ptr::eq(last.zone, untouched) && last.clean);
    heap.check_invariants(world.map);
}
