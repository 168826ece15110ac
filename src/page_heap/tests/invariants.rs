//! What holds between any two operations.

use std::collections::BTreeSet;

use super::*;
use crate::arena::Bits;
use crate::ptr::size;

impl PageHeap {
    /// Every structural promise: bitmaps, tables and bins against the descriptors.
    pub(crate) fn check_invariants(&self, map: &'static AddressMap) {
        let (mut mapped, mut in_use, mut walls, mut dense, mut lent, mut dirty, mut spaces) = (0, 0, 0, 0, 0, 0, 0);
        let (mut plain, mut huge) = (BTreeSet::new(), BTreeSet::new());
        let mut last = 0;
        for arena in self.arenas() {
            let base = arena.base.get().addr();
            assert!(base.is_multiple_of(ARENA) && base > last, "arenas by address");
            assert!(map.arena(base).is_some_and(|found| core::ptr::eq(found, arena)), "in the address map");
            last = base;
            let counts = check_arena(arena, if arena.huge.get() { &mut huge } else { &mut plain });
            mapped += counts.mapped;
            in_use += counts.in_use;
            walls += counts.walls;
            dense += counts.dense;
            lent += counts.lent;
            dirty += counts.dirty;
            let ready = if arena.reserved.get() { arena.ready() } else { 0 };
            let holes = if arena.reserved.get() { arena.spaces(HUGE).count() } else { 0 };
            assert!(holes == 0 || arena.huge.get());
            assert_eq!(arena.mapped.count(0, ready), ready - holes * HUGE, "prepared from the front");
            spaces += holes;
            let beyond = arena.mapped.count(ready, GRANULES - ready);
            assert!(!arena.reserved.get() || beyond == 0, "prepared behind `ready`");
            assert!(arena.reserved.get() || !self.is_growing(arena));
        }
        assert_eq!((mapped, in_use, dirty), (self.mapped, self.in_use, self.dirty), "mapped, in use, dirty");
        assert_eq!((dense, lent), (self.dense, self.lent), "dense and lent granules in use");
        assert_eq!((walls, spaces), (self.zone_walls, self.spaces));
        assert!(self.peak_mapped >= self.mapped);
        for (side, is_huge, runs) in [(&self.plain, false, plain), (&self.huge, true, huge)] {
            if let Some(growing) = side.growing.get() {
                assert!(growing.ready() < GRANULES && growing.huge.get() == is_huge);
                assert!(self.arenas().any(|arena| core::ptr::eq(arena, growing)));
            }
            side.check_bins(&runs);
        }
        let mut spare = self.spare.get();
        while let Some(header) = spare {
            let sets = [
                &header.mapped,
                &header.free,
                &header.dirty,
                &header.blank,
                &header.old,
                &header.guards,
                &header.walls,
            ];
            assert!(sets.iter().all(|set| set.next_run(0).is_none()), "a spare header has no granules");
            assert!((0..GRANULES).all(|g| header.covering(g).is_none()));
            spare = header.next.get();
        }
    }

    /// Granules of `chosen` sets, of all arenas.
    pub(super) fn sum(&self, chosen: impl Fn(&Arena) -> &Bits) -> usize {
        self.arenas().map(|arena| chosen(arena).count(0, GRANULES)).sum()
    }
}

impl Side {
    /// The bins hold exactly the free runs `expected`.
    fn check_bins(&self, expected: &BTreeSet<usize>) {
        let mut found = BTreeSet::new();
        for run in self.bins.check_invariants() {
            assert!(found.insert(run.address()), "a run that hangs in two bins");
        }
        assert_eq!(&found, expected, "free runs in the bins and in the arenas");
    }
}

/// Granules of an arena.
struct Counts {
    /// That exist.
    mapped: usize,
    /// In use.
    in_use: usize,
    /// Walls before zones, of these.
    walls: usize,
    /// In use by dense runs.
    dense: usize,
    /// Lent to runs in use.
    lent: usize,
    /// Free and dirty.
    dirty: usize,
}

/// Whether a granule that is neither free nor in use is the wall of the run behind it; else it does not exist.
fn is_wall(arena: &'static Arena, g: usize) -> bool {
    let is_wall = arena.mapped.has(g);
    assert_eq!((arena.walls.has(g), arena.guards.has(g)), (is_wall, is_wall), "granule {g} is nowhere");
    if is_wall {
        let behind = arena.covering(g + 1).expect("a run behind the wall at {g}");
        assert_eq!(behind.address(), arena.granule(g + 1).addr(), "the run behind the wall at {g} begins there");
    }
    is_wall
}

/// Checks what is noted for each granule of a run, in use or not; whether it exists.
fn check_run(arena: &'static Arena, first: usize, length: usize, used: bool, mapped: bool) {
    assert!(length > 0 && first + length <= GRANULES);
    for g in first..first + length {
        let owner = arena.covering(g).map(core::ptr::from_ref);
        assert_eq!(owner, arena.zone(first).filter(|_| used).map(core::ptr::from_ref), "table entry {g}");
        assert_eq!(arena.mapped.has(g), mapped);
        let role = arena.zone(g).map(Zone::role);
        assert!(g == first || role == Some(Role::None), "a role behind the first granule of a run");
    }
}

/// Checks an arena, adds its free runs and counts its granules.
fn check_arena(arena: &'static Arena, runs: &mut BTreeSet<usize>) -> Counts {
    let (mut g, mut in_use, mut walls, mut dense, mut lent, mut behind_free) = (0, 0, 0, 0, 0, false);
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
            assert_eq!(arena.guards.count(g, length - 1), 0, "a guard inside of the run at {g}");
            assert!(!arena.guards.has(g + length - 1) || zone.role() == Role::Large, "a guard in no LARGE run");
            dense += if zone.dense.get() { length } else { 0 };
            lent += usize::from(zone.lent.get());
        } else {
            assert!(zone.role() == Role::None, "granule {g} has nothing to describe");
            walls += usize::from(is_wall(arena, g));
        }
        let step = if free || used { length } else { 1 };
        check_run(arena, g, step, used, free || used || arena.walls.has(g));
        behind_free = free;
        g += step;
    }
    let idle_dirty: Vec<_> = arena.dirty.words().zip(arena.free.words()).map(|(dirty, free)| dirty & free).collect();
    let within = |set: &Bits| set.words().zip(&idle_dirty).all(|(word, idle)| word & !idle == 0);
    assert!(within(&arena.old) && within(&arena.blank), "old ∪ blank ⊆ dirty ∩ free");
    assert!(arena.huge.get() || arena.blank.next_run(0).is_none(), "only huge arenas are populated");
    let dirty = idle_dirty.iter().map(|word| size(word.count_ones())).sum();
    Counts { mapped: arena.mapped.count(0, GRANULES), in_use: in_use + walls, walls, dense, lent, dirty }
}
