//! Tests of the page heap and of `grow`, on the mock OS.

#![expect(unsafe_code, reason = "writes the memory of runs")]

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::os::mock::{Kind, Mock, Random};
use core::sync::atomic::Ordering::Relaxed;

/// What a page heap works with in one test.
struct World {
    /// The operating system.
    os: Mock,
    /// The address map.
    map: &'static AddressMap,
    /// The metadata pool.
    meta: &'static Mutex<Meta>,
    /// Where arenas begin.
    near: *mut u8,
}

impl World {
    /// A world of its own.
    fn new(os: Mock) -> Self {
        // SAFETY: all fields are atomics, for which zero is valid. On the heap at once: 16 MiB are too much for a stack.
        let map = Box::leak(unsafe { Box::<AddressMap>::new_zeroed().assume_init() });
        let near = core::ptr::from_mut(map).cast();
        Self { os, map, meta: Box::leak(Box::new(Mutex::new(Meta::new()))), near }
    }

    /// What the page heap gets.
    fn tools(&self) -> Tools<'_, Mock> {
        Tools { os: &self.os, map: self.map, meta: self.meta, near: self.near }
    }

    /// Lets time pass.
    fn wait(&self, milliseconds: u64) {
        self.os.clock.fetch_add(milliseconds, Relaxed);
    }
}

impl PageHeap {
    /// Every structural promise: bitmaps, tables and bins against the descriptors.
    pub(crate) fn check_invariants(&self, map: &'static AddressMap) {
        let (mut mapped, mut in_use, mut dirty, mut runs) = (0, 0, 0, BTreeSet::new());
        let mut last = 0;
        for arena in self.arenas() {
            let base = arena.base.get().addr();
            assert!(base.is_multiple_of(ARENA) && base > last, "arenas by address");
            assert!(map.arena(base).is_some_and(|found| core::ptr::eq(found, arena)), "in the address map");
            last = base;
            let counts = check_arena(arena, &mut runs);
            mapped += counts.0;
            in_use += counts.1;
            dirty += counts.2;
            let ready = if arena.reserved.get() { arena.ready() } else { 0 };
            assert_eq!(arena.mapped.count(0, ready), ready, "prepared from the front");
            let beyond = arena.mapped.count(ready, GRANULES - ready);
            assert!(!arena.reserved.get() || beyond == 0, "prepared behind `ready`");
            assert!(arena.reserved.get() || !self.growing.is(arena));
        }
        assert_eq!((mapped, in_use, dirty), (self.mapped, self.in_use, self.dirty), "mapped, in use, dirty");
        assert!(self.peak_mapped >= self.mapped);
        if let Some(growing) = self.growing.get() {
            assert!(growing.ready() < GRANULES && self.arenas().any(|arena| core::ptr::eq(arena, growing)));
        }
        self.check_bins(&runs);
        let mut spare = self.spare.get();
        while let Some(header) = spare {
            let sets = [&header.mapped, &header.free, &header.dirty, &header.old];
            assert!(sets.iter().all(|set| set.next_run(0).is_none()), "a spare header has no granules");
            assert!((0..GRANULES).all(|g| header.covering(g).is_none()));
            spare = header.next.get();
        }
    }

    /// The bins hold exactly the free runs `expected`.
    fn check_bins(&self, expected: &BTreeSet<usize>) {
        let mut found = BTreeSet::new();
        for (bin, list) in self.bins.iter().enumerate() {
            assert_eq!(self.occupied >> bin & 1 != 0, list.first().is_some(), "bin {bin} and its bit");
            for run in list.iter() {
                assert_eq!(bin_of(usize::from(run.granules.get())), bin);
                assert!(found.insert(run.address()), "a run that hangs in two bins");
            }
        }
        assert_eq!(&found, expected, "free runs in the bins and in the arenas");
    }
}

/// Checks an arena and adds its free runs; granules that exist, in use, and free and dirty.
fn check_arena(arena: &'static Arena, runs: &mut BTreeSet<usize>) -> (usize, usize, usize) {
    let (mut g, mut in_use, mut behind_free) = (0, 0, false);
    while g < GRANULES {
        let zone = arena.zone(g).expect("a descriptor");
        let length = usize::from(zone.granules.get());
        let (free, used) = (arena.free.has(g), arena.covering(g).is_some());
        if free {
            assert!(!behind_free, "free neighbours at {g} are merged");
            assert_eq!((zone.role(), zone.address()), (Role::Free, arena.granule(g).addr()));
            assert_eq!(arena.free.count(g, length), length);
            let tail = arena.zone(g + length - 1).expect("a descriptor");
            assert_eq!(usize::from(tail.granules.get()), length, "boundary tag at {g}");
            runs.insert(zone.address());
        } else if used {
            assert_eq!(zone.address(), arena.granule(g).addr());
            assert!(zone.role() != Role::Free && arena.free.count(g, length) == 0);
            in_use += length;
        } else {
            assert!(!arena.mapped.has(g) && zone.role() == Role::None, "granule {g} is nowhere");
        }
        let step = if free || used { length } else { 1 };
        assert!(step > 0 && g + step <= GRANULES);
        for inside in g..g + step {
            let owner = arena.covering(inside).map(core::ptr::from_ref);
            assert_eq!(owner, used.then_some(core::ptr::from_ref(zone)), "table entry {inside}");
            assert_eq!(arena.mapped.has(inside), free || used);
            let role = arena.zone(inside).map(Zone::role);
            assert!(inside == g || role == Some(Role::None), "a role behind the first granule of a run");
        }
        behind_free = free;
        g += step;
    }
    let words = |set: &crate::arena::Bits| set.words().collect::<Vec<_>>();
    let (dirty, free, old) = (words(&arena.dirty), words(&arena.free), words(&arena.old));
    let idle_dirty: Vec<_> = dirty.iter().zip(&free).map(|(dirty, free)| dirty & free).collect();
    assert!(old.iter().zip(&idle_dirty).all(|(old, idle)| old & !idle == 0), "old ⊆ dirty ∩ free");
    let dirty = idle_dirty.iter().map(|word| size(word.count_ones())).sum();
    (arena.mapped.count(0, GRANULES), in_use, dirty)
}

/// Bytes of a run, as a slice.
fn bytes_of(zone: &'static Zone) -> &'static mut [u8] {
    // SAFETY: the run is in use by the test alone, mapped and initialised by the OS.
    unsafe { core::slice::from_raw_parts_mut(zone.start.get(), zone.bytes()) }
}

/// Whether all of `bytes` are `fill`. Compares granules at a time, which is fast without optimisation too.
fn is_all(bytes: &[u8], fill: u8) -> bool {
    let pattern = vec![fill; GRANULE];
    bytes.chunks(GRANULE).all(|chunk| chunk == &pattern[..chunk.len()])
}

/// A run in use as the test knows it.
struct Known {
    /// Its descriptor.
    zone: &'static Zone,
    /// Bytes written from the start.
    touched: usize,
    /// With what.
    fill: u8,
}

/// Random operations against a naive model: which runs are in use, and what is written in them.
struct Model {
    /// Runs in use, by address.
    runs: BTreeMap<usize, Known>,
    /// What to do next.
    random: Random,
    /// Runs taken that were said to be clean.
    clean: usize,
}

impl Model {
    /// A model without runs.
    fn new(seed: usize) -> Self {
        Self { runs: BTreeMap::new(), random: Random::new(seed), clean: 0 }
    }

    /// One operation.
    fn step(&mut self, heap: &mut PageHeap, tools: &Tools<'_, Mock>) {
        match self.random.below(10) {
            0..5 => self.take(heap, tools),
            5..8 => self.give(heap, tools),
            8 => self.resize(heap, tools),
            _ => {
                tools.os.clock.fetch_add(wide_below(&mut self.random, 400), Relaxed);
                if self.random.below(20) == 0 {
                    let keep = self.random.below(100);
                    heap.purge(tools, keep);
                }
            }
        }
    }

    /// Takes a run and writes to a part of it.
    fn take(&mut self, heap: &mut PageHeap, tools: &Tools<'_, Mock>) {
        let large = self.random.below(16) == 0;
        let granules = 1 + if large { self.random.below(300) } else { self.random.below(8) };
        let align = 1 << if self.random.below(4) == 0 { self.random.below(7) } else { 0 };
        let Some(run) = heap.take(tools, granules, align) else { return };
        assert_eq!(usize::from(run.zone.granules.get()), granules);
        assert!(run.zone.address().is_multiple_of(align * GRANULE));
        let bytes = bytes_of(run.zone);
        assert!(!run.clean || is_all(bytes, 0), "a clean run reads as zero");
        self.clean += usize::from(run.clean);
        let (address, end) = (run.zone.address(), run.zone.address() + bytes.len());
        let before = self.runs.range(..end).next_back();
        assert!(before.is_none_or(|(&other, known)| other + known.zone.bytes() <= address), "runs overlap");
        let touched = self.random.below(bytes.len() + 1);
        let fill = crate::ptr::low8(self.random.below(255) + 1);
        bytes[..touched].fill(fill);
        run.zone.set_role(if fill % 2 == 0 { Role::Large } else { Role::Blocks });
        self.runs.insert(address, Known { zone: run.zone, touched, fill });
    }

    /// The address of some run.
    fn any(&mut self) -> Option<usize> {
        let nth = self.random.below(self.runs.len().max(1));
        self.runs.keys().nth(nth).copied()
    }

    /// Gives a run back whose content must be there still.
    fn give(&mut self, heap: &mut PageHeap, tools: &Tools<'_, Mock>) {
        let Some(known) = self.any().and_then(|address| self.runs.remove(&address)) else { return };
        assert!(is_all(&bytes_of(known.zone)[..known.touched], known.fill), "a run in use keeps its content");
        heap.give(tools, known.zone, known.touched);
    }

    /// Lets a run shrink or grow.
    fn resize(&mut self, heap: &mut PageHeap, tools: &Tools<'_, Mock>) {
        let Some(address) = self.any() else { return };
        let known = self.runs.get_mut(&address).expect("it is there");
        let (zone, old) = (known.zone, usize::from(known.zone.granules.get()));
        let granules = 1 + self.random.below(2 * old);
        let expected = if granules <= old {
            heap.shrink(tools, zone, granules);
            granules
        } else if heap.extend(tools, zone, granules) {
            granules
        } else {
            old
        };
        assert_eq!(usize::from(zone.granules.get()), expected);
        known.touched = known.touched.min(zone.bytes());
        assert!(is_all(&bytes_of(zone)[..known.touched], known.fill), "a resized run keeps its content");
    }

    /// Gives every run back.
    fn give_all(&mut self, heap: &mut PageHeap, tools: &Tools<'_, Mock>) {
        while !self.runs.is_empty() {
            self.give(heap, tools);
        }
    }
}

/// A number below `bound` for the clock.
fn wide_below(random: &mut Random, bound: usize) -> u64 {
    crate::ptr::wide(random.below(bound))
}

#[test]
fn random_operations_agree_with_a_naive_model() {
    for seed in 0..4 {
        let (world, mut heap, mut model) = (World::new(Mock::unlimited()), PageHeap::new(), Model::new(seed));
        // So few that purges by the bound happen.
        heap.allowed_dirty = if seed % 2 == 0 { 100 } else { ALLOWED_DIRTY };
        for _ in 0..1200 {
            model.step(&mut heap, &world.tools());
            heap.check_invariants(world.map);
            assert_eq!(heap.in_use, model.runs.values().map(|known| usize::from(known.zone.granules.get())).sum());
        }
        assert!(world.os.purged.load(Relaxed) > 0 && model.clean > 20, "{} clean runs", model.clean);
        model.give_all(&mut heap, &world.tools());
        heap.purge(&world.tools(), 0);
        heap.check_invariants(world.map);
        assert!(world.os.prepared_within_reservations());
        assert_eq!((heap.in_use, heap.dirty), (0, 0));
        assert!(heap.arenas().all(|arena| heap.growing.is(arena)), "idle arenas are unmapped");
    }
}

/// A little of everything: growth over several arenas or pieces, resizing, purges. `false` where memory ended.
fn scenario(world: &World, heap: &mut PageHeap, sizes: &[usize]) -> bool {
    let tools = world.tools();
    let taken: Vec<_> = sizes.iter().map(|&granules| heap.take(&tools, granules, 4)).collect();
    let all = taken.iter().all(Option::is_some);
    for (nth, run) in taken.into_iter().flatten().enumerate() {
        bytes_of(run.zone)[..GRANULE].fill(1);
        if nth % 2 == 0 {
            heap.shrink(&tools, run.zone, 1);
            heap.extend(&tools, run.zone, 2);
        }
        world.wait(600);
        heap.give(&tools, run.zone, run.zone.bytes());
        heap.check_invariants(world.map);
    }
    heap.purge(&tools, 0);
    heap.check_invariants(world.map);
    all
}

/// Runs the scenario with calls failing as `fail` sets it up for round 0, 1, 2, …, and then without failures in the
/// same heap, until no call fails any more. At the end there is metadata, the growing arena and at most `lost` bytes.
fn fail_in_turn(sizes: &[usize], lost: usize, prepare: impl Fn(&World), fail: impl Fn(&Mock, usize)) {
    for round in 0.. {
        let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
        prepare(&world);
        fail(&world.os, round);
        scenario(&world, &mut heap, sizes);
        let hit = world.os.budget_left() == 0 || world.os.has_failed();
        world.os.refill(usize::MAX);
        world.os.fail_after(usize::MAX);
        assert!(scenario(&world, &mut heap, sizes), "memory is there again after round {round}");
        assert!(world.os.prepared_within_reservations());
        assert_eq!((heap.in_use, heap.dirty), (0, 0));
        let kept = if heap.growing.get().is_some() { ARENA + METADATA } else { METADATA };
        assert_eq!(heap.arenas().count() * ARENA, kept - METADATA, "idle arenas are unmapped after round {round}");
        assert!(world.os.held() <= kept + lost, "{} bytes too many after round {round}", world.os.held() - kept - lost);
        if !hit {
            return;
        }
    }
}

/// The first reservation of the metadata pool with its guards, which the headers of these tests fit into.
const METADATA: usize = (1 << 20) + 2 * GRANULE;

/// Lets address space be too short for arenas; pieces are mapped one behind the other from `before` bytes before the end
/// of a slot.
fn short_of_space(world: &World, before: usize) {
    world.os.limit.store(63 << 20, Relaxed);
    let slot = world.near.map_addr(|near| (near - (1 << 41)) & !(ARENA - 1));
    world.os.map_at(slot.wrapping_add(ARENA - before));
}

#[test]
fn every_call_fails_in_turn() {
    let sizes = [1, 700, 8, 600, 900, 3];
    fail_in_turn(&sizes, 0, |_| {}, Mock::refill);
    fail_in_turn(&sizes, 0, |_| {}, Mock::fail_after);
}

#[test]
fn every_call_fails_in_turn_where_hints_are_missed() {
    let (sizes, missed) = ([1, 700, 8, 600, 900, 3], |world: &World| world.os.miss_hints(GRANULE));
    // Address space that was never entered and that the OS does not take back is lost, without memory behind it.
    fail_in_turn(&sizes, 8 * ARENA, missed, Mock::refill);
    fail_in_turn(&sizes, ARENA, missed, Mock::fail_after);
}

#[test]
fn every_call_fails_in_turn_where_pieces_have_to_do() {
    let (sizes, short) = ([1, 8, 100, 8, 30, 3], |world: &World| short_of_space(world, (1 << 20) - 12 * 4096));
    // The ends of pieces that reach beyond their granules.
    fail_in_turn(&sizes, 6 * GRANULE, short, Mock::refill);
    fail_in_turn(&sizes, GRANULE, short, Mock::fail_after);
}

#[test]
fn a_piece_across_two_slots_serves_a_run() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    short_of_space(&world, 12 << 20);
    for granules in [8, 8, 180] {
        assert!(heap.take(&world.tools(), granules, 1).is_some(), "{granules} granules");
        heap.check_invariants(world.map);
    }
    assert_eq!(heap.arenas().count(), 2);
}

#[test]
fn a_piece_never_reaches_into_a_third_slot() {
    for before in [1, 5, 100, 899, 900, GRANULES] {
        let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
        short_of_space(&world, before * GRANULE);
        world.os.limit.store(usize::MAX, Relaxed);
        world.meta.lock().take(&world.os, 1).expect("memory");
        world.os.refuse(Kind::Reserve, true);
        for _ in 0..3 {
            heap.take(&world.tools(), 900, 1).expect("memory");
            heap.check_invariants(world.map);
        }
        assert_eq!(world.os.held(), heap.mapped * GRANULE + METADATA);
    }
}

#[test]
fn free_memory_goes_back_between_one_and_two_delays() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    world.os.clock.store(1_000_000, Relaxed);
    let purged = || world.os.purged.load(Relaxed) / GRANULE;
    let first = heap.take(&tools, 5, 1).expect("memory").zone;
    let second = heap.take(&tools, 3, 1).expect("memory").zone;
    heap.take(&tools, 1, 1).expect("memory");
    let busy = |heap: &mut PageHeap| {
        // The check runs when runs are taken or given. These granules lie elsewhere and are not touched.
        let run = heap.take(&tools, 100, 1).expect("memory");
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
        let run = heap.take(&tools, 4, 1).expect("memory");
        bytes_of(run.zone).fill(1);
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
    let mut runs: Vec<_> = (0..700).map(|_| heap.take(&tools, 10, 1).expect("memory").zone).collect();
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
        let run = heap.take(&tools, 1, 1).expect("memory");
        heap.give(&tools, run.zone, 0);
        world.wait(heap.purge_delay);
    }
    assert!(heap.arenas().count() <= 2, "{} arenas", heap.arenas().count());
    heap.check_invariants(world.map);
}

#[test]
fn locked_pages_are_not_purged_again_and_again() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    heap.allowed_dirty = 10;
    let runs: Vec<_> = (0..100).map(|_| heap.take(&tools, 1, 1).expect("memory").zone).collect();
    world.os.refuse(Kind::Purge, true);
    runs.iter().for_each(|zone| heap.give(&tools, zone, GRANULE));
    assert_eq!(heap.dirty, 100);
    heap.check_invariants(world.map);
    // Not before the next tick.
    world.os.refuse(Kind::Purge, false);
    let more = heap.take(&tools, 1, 1).expect("memory").zone;
    heap.give(&tools, more, GRANULE);
    assert_eq!((heap.dirty, world.os.calls(Kind::Purge)), (100, 0));
    world.wait(heap.purge_delay);
    let more = heap.take(&tools, 1, 1).expect("memory").zone;
    heap.give(&tools, more, GRANULE);
    assert!(heap.dirty <= 10);
    heap.check_invariants(world.map);
}

#[test]
fn a_large_heap_takes_few_calls_and_few_mappings() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    // 16 GiB of address space, not touched.
    for _ in 0..32_768 {
        heap.take(&tools, 8, 1).expect("address space");
    }
    heap.check_invariants(world.map);
    let (reserves, prepares) = (world.os.calls(Kind::Reserve), world.os.calls(Kind::Prepare));
    assert!(heap.arenas().count() == 256 && reserves < 300, "{reserves} reservations");
    // Some at first, then 16 MiB at a time.
    assert!(prepares < 16 + 4 * 256 + 60, "{prepares} prepare calls");
    assert!(world.os.mappings() < 30, "{} mappings", world.os.mappings());
}

#[test]
fn nonsense_is_refused() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    for (granules, align) in [(0, 1), (GRANULES + 1, 1), (GRANULES, 2), (1, 2 * GRANULES), (600, 512)] {
        assert!(heap.take(&tools, granules, align).is_none());
    }
    assert_eq!(world.os.calls(Kind::Reserve), 0);
    let whole = heap.take(&tools, GRANULES, 1).expect("a whole arena").zone;
    assert!(!heap.extend(&tools, whole, GRANULES + 1));
    heap.check_invariants(world.map);
}
