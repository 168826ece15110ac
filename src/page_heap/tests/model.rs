//! Random operations against a naive model: the runs in use with their contents.

use std::collections::BTreeMap;

use super::*;
use crate::os::mock::Random;
use crate::page_heap::take::HUGE_FROM;

/// A run in use as the test knows it.
struct Known {
    /// Its descriptor.
    zone: &'static Zone,
    /// Bytes written from the start.
    touched: usize,
    /// With what.
    byte: u8,
    /// For what.
    kind: Kept,
}

/// What a run is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// Whatever has no guards.
    Plain,
    /// A zone, with so many granules of wall before it.
    Zone(usize),
    /// A LARGE block, which may have a guard at its end.
    Block,
}

impl Known {
    /// What the program may use.
    fn usable(&self) -> &'static [u8] {
        let bytes = bytes_of(self.zone);
        match self.kind {
            Kept::Plain | Kept::Zone(_) => bytes,
            Kept::Block => &bytes[..usable(Mock::unlimited().page(), self.zone)],
        }
    }

    /// Writes to the first bytes of that, as many as were touched.
    fn fill(&self) {
        fill_at(self.usable()[..self.touched].as_ptr(), self.touched, self.byte);
    }

    /// Whether it has the content that was written.
    fn is_whole(&self) -> bool {
        is_all(&self.usable()[..self.touched], self.byte)
    }
}

/// Random operations against a naive model: which runs are in use, and what is written in them.
struct Model {
    /// Runs in use, by address.
    runs: BTreeMap<usize, Known>,
    /// What to do next.
    random: Random,
    /// Runs taken that were said to be clean.
    clean: usize,
    /// Zones with walls.
    walled: usize,
    /// Those of them that were resident: of a huge page.
    blank: usize,
    /// Granules purged that nobody had had.
    purged_blank: usize,
    /// Whether calls of the OS fail.
    failing: bool,
}

impl Model {
    /// A model without runs.
    fn new(seed: usize) -> Self {
        Self {
            runs: BTreeMap::new(),
            random: Random::new(seed),
            clean: 0,
            walled: 0,
            blank: 0,
            purged_blank: 0,
            failing: false,
        }
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
                    let before = heap.sum(|arena| &arena.blank);
                    heap.purge(tools, keep);
                    self.purged_blank += before - heap.sum(|arena| &arena.blank);
                }
                let refused = self.random.below(4) == 0;
                tools.os.refuse(Kind::Populate, refused);
                if self.random.below(30) == 0 {
                    heap.give_up(tools);
                }
            }
        }
    }

    /// Takes a run and writes to a part of it.
    fn take(&mut self, heap: &mut PageHeap, tools: &Tools<'_, Mock>) {
        if self.random.below(3) == 0 {
            return self.take_block(heap, tools);
        }
        let large = self.random.below(16) == 0;
        let granules = 1 + if large { self.random.below(300) } else { self.random.below(8) };
        let align = 1 << if self.random.below(4) == 0 { self.random.below(7) } else { 0 };
        let dense = self.random.below(2) == 0;
        let (for_zone, lend) = (align == 1 && self.random.below(3) > 0, !dense && self.random.below(3) == 0);
        let run = match (for_zone, lend) {
            (true, true) => heap.lend(tools, granules),
            (true, false) => heap.take_zone(tools, granules, dense),
            _ => heap.take(tools, granules, align, dense),
        };
        let Some(run) = run else { return };
        assert_eq!(run.zone.dense.get(), dense);
        assert_eq!(usize::from(run.zone.granules.get()), granules);
        let wall = usize::from(has_wall(tools, run.zone));
        assert!(wall == 0 || for_zone);
        self.walled += wall;
        let kind = if for_zone { Kept::Zone(wall) } else { Kept::Plain };
        assert!(run.zone.address().is_multiple_of(align * GRANULE));
        let byte = crate::ptr::low8(self.random.below(255) + 1);
        let mut known = Known { zone: run.zone, touched: 0, byte, kind };
        let bytes = bytes_of(run.zone);
        assert!(!run.clean || is_all(known.usable(), 0), "a clean run reads as zero");
        self.clean += usize::from(run.clean);
        let (arena, first) = PageHeap::locate(tools, run.zone).expect("it lies in an arena");
        assert!(!arena.huge.get() || dense || self.failing, "memory has not ended: sparse runs lie elsewhere");
        self.blank += usize::from(run.clean && arena.dirty.count(first, granules) == granules);
        let (address, end) = (run.zone.address(), run.zone.address() + bytes.len());
        let before = self.runs.range(..end).next_back();
        assert!(before.is_none_or(|(&other, known)| other + known.zone.bytes() <= address), "runs overlap");
        known.touched = self.random.below(known.usable().len() + 1);
        known.fill();
        run.zone.set_role(Role::Blocks);
        self.runs.insert(address, known);
    }

    /// Takes a run for a LARGE block and writes to a part of it.
    fn take_block(&mut self, heap: &mut PageHeap, tools: &Tools<'_, Mock>) {
        let bytes = self.block_bytes();
        let align = 1 << if self.random.below(4) == 0 { self.random.below(5) } else { 0 };
        let Some(run) = heap.take_block(tools, bytes, align) else { return };
        run.zone.requested.set(bytes);
        run.zone.set_role(Role::Large);
        let byte = crate::ptr::low8(self.random.below(255) + 1);
        let mut known = Known { zone: run.zone, touched: 0, byte, kind: Kept::Block };
        let room = known.usable();
        assert!(room.len() >= bytes && run.zone.address().is_multiple_of(align * GRANULE));
        assert!(!run.clean || is_all(room, 0), "a clean run reads as zero");
        known.touched = self.random.below(room.len() + 1);
        known.fill();
        self.runs.insert(run.zone.address(), known);
    }

    /// Bytes of a LARGE block, with and without a page left.
    fn block_bytes(&mut self) -> usize {
        let most = if self.random.below(3) == 0 { 60 } else { 12 };
        let granules = 1 + self.random.below(most);
        granules * GRANULE - [0, 1, 4096, 5000, 40_000][self.random.below(5)]
    }

    /// Granules in use, with walls.
    fn granules(&self) -> usize {
        let granules = |known: &Known| {
            usize::from(known.zone.granules.get()) + if let Kept::Zone(wall) = known.kind { wall } else { 0 }
        };
        self.runs.values().map(granules).sum()
    }

    /// The address of some run.
    fn any(&mut self) -> Option<usize> {
        let nth = self.random.below(self.runs.len().max(1));
        self.runs.keys().nth(nth).copied()
    }

    /// Gives a run back whose content must be there still.
    fn give(&mut self, heap: &mut PageHeap, tools: &Tools<'_, Mock>) {
        let Some(known) = self.any().and_then(|address| self.runs.remove(&address)) else { return };
        assert!(known.is_whole(), "a run in use keeps its content");
        let before = heap.sum(|arena| &arena.blank);
        let touched = if known.kind == Kept::Block { known.zone.requested.get() } else { known.touched };
        heap.give(tools, known.zone, touched);
        self.purged_blank += before - heap.sum(|arena| &arena.blank);
    }

    /// Lets a run shrink or grow.
    fn resize(&mut self, heap: &mut PageHeap, tools: &Tools<'_, Mock>) {
        let Some(address) = self.any() else { return };
        match self.runs[&address].kind {
            Kept::Plain => {}
            Kept::Zone(_) => return,
            Kept::Block => return self.resize_block(heap, tools, address),
        }
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
        assert!(known.is_whole(), "a resized run keeps its content");
    }

    /// Lets a block shrink or grow, and writes to all of it.
    fn resize_block(&mut self, heap: &mut PageHeap, tools: &Tools<'_, Mock>, address: usize) {
        let bytes = self.block_bytes();
        let known = self.runs.get_mut(&address).expect("it is there");
        if heap.resize_block(tools, known.zone, bytes) {
            known.zone.requested.set(bytes);
            known.touched = known.touched.min(known.usable().len());
        }
        assert!(known.is_whole(), "a resized block keeps its content");
        known.touched = known.usable().len();
        known.fill();
    }

    /// Gives every run back.
    fn give_all(&mut self, heap: &mut PageHeap, tools: &Tools<'_, Mock>) {
        while !self.runs.is_empty() {
            self.give(heap, tools);
        }
    }
}

/// Whether a run has a wall before it.
fn has_wall(tools: &Tools<'_, Mock>, zone: &Zone) -> bool {
    PageHeap::locate(tools, zone).is_some_and(|(arena, first)| crate::page_heap::guards::has_wall(arena, first))
}

/// A number below `bound` for the clock.
fn wide_below(random: &mut Random, bound: usize) -> u64 {
    crate::ptr::wide(random.below(bound))
}

/// Gives every run and all memory back: no granule and no idle arena is left.
fn nothing_is_left(world: &World, heap: &mut PageHeap, mut model: Model) {
    model.give_all(heap, &world.tools());
    heap.purge(&world.tools(), 0);
    heap.check_invariants(world.map);
    assert!(world.os.prepared_within_reservations());
    assert_eq!((heap.in_use, heap.dirty), (0, 0));
    assert!(heap.arenas().all(|arena| heap.is_growing(arena)), "idle arenas are unmapped");
}

#[test]
fn random_operations_agree_with_a_naive_model() {
    let (mut purged_blank, mut populated, mut blank) = (0, 0, 0);
    for seed in 0..4 {
        let (world, mut heap, mut model) = (World::new(Mock::unlimited()), PageHeap::new(), Model::new(seed));
        // So few that purges by the bound happen.
        heap.allowed_dirty = if seed % 2 == 0 { 100 } else { ALLOWED_DIRTY };
        heap.most_spaces = 3 * seed;
        let mut most_dense = 0;
        for _ in 0..1600 {
            model.step(&mut heap, &world.tools());
            heap.check_invariants(world.map);
            heap.check_guards(&world.os);
            assert_eq!(heap.in_use, model.granules());
            most_dense = most_dense.max(heap.dense);
        }
        assert!(world.os.purged.load(Relaxed) > 0 && model.clean > 20, "{} clean runs", model.clean);
        assert!(most_dense > 2 * HUGE_FROM, "{most_dense}");
        populated += world.os.calls(Kind::Populate);
        assert!(model.walled > 20, "{}", model.walled);
        blank += model.blank;
        purged_blank += model.purged_blank;
        nothing_is_left(&world, &mut heap, model);
    }
    assert!(purged_blank > 0 && populated > 12 && blank > 40, "{purged_blank} {populated} {blank}");
}

#[test]
fn random_operations_bear_that_every_kth_call_fails() {
    for nth in (1..8).chain([10, 15, 25, 40]) {
        let (world, mut heap, mut model) = (World::new(Mock::unlimited()), PageHeap::new(), Model::new(nth));
        heap.allowed_dirty = 100;
        model.failing = true;
        world.os.fail_every(nth);
        for _ in 0..250 {
            model.step(&mut heap, &world.tools());
            heap.check_invariants(world.map);
            heap.check_guards(&world.os);
            assert_eq!(heap.in_use, model.granules());
        }
        assert!(world.os.has_failed());
        world.os.fail_every(0);
        let run = heap.take(&world.tools(), 300, 1, false).expect("memory is there again");
        heap.give(&world.tools(), run.zone, 0);
        nothing_is_left(&world, &mut heap, model);
    }
}
