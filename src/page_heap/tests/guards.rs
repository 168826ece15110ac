//! Guards behind LARGE runs, and what all guards have in common.

use super::*;

impl PageHeap {
    /// The guards of the OS are those in the bitmaps, and those of spaces. (A space that could not be unmapped is nobody's.)
    pub(super) fn check_guards(&self, os: &Mock) {
        let (page, mut noted, mut spaces) = (os.page(), 0, 0);
        let mut in_memory = 0;
        for arena in self.arenas() {
            assert!(arena.walls.words().zip(arena.guards.words()).all(|(walls, guards)| walls & !guards == 0));
            for g in (0..GRANULES).filter(|&g| arena.guards.has(g)) {
                let bytes = if arena.walls.has(g) { GRANULE } else { page };
                assert_eq!(os.guards_in(arena.granule(g + 1).addr() - bytes, bytes), bytes / page, "no guard");
                noted += bytes / page;
            }
            if arena.reserved.get() {
                for space in arena.spaces(HUGE) {
                    let ends = [arena.granule(space).addr(), arena.granule(space + HUGE).addr() - page];
                    let marked = ends.iter().map(|&end| os.guards_in(end, page)).sum::<usize>();
                    assert!(marked == 2 || os.has_failed(), "a space without guards");
                    spaces += marked;
                }
            }
            let mut from = 0;
            while let Some((first, count)) = arena.mapped.next_run(from) {
                in_memory += os.guards_in(arena.granule(first).addr(), count * GRANULE);
                from = first + count;
            }
        }
        assert_eq!(in_memory, noted, "guards that nobody knows of");
        assert!(os.has_failed() || os.guards_in(0, usize::MAX) == noted + spaces, "guards where no memory is");
    }

    /// A LARGE block.
    pub(super) fn block(&mut self, world: &World, bytes: usize) -> &'static Zone {
        let zone = self.take_block(&world.tools(), bytes, 1).expect("memory").zone;
        zone.requested.set(bytes);
        zone.set_role(Role::Large);
        self.check(world);
        zone
    }

    /// Everything.
    pub(super) fn check(&self, world: &World) {
        self.check_invariants(world.map);
        self.check_guards(&world.os);
    }
}

impl World {
    /// Bytes from the end of what a block may use to the first guard behind it; `None` if there is none in the next MiB.
    pub(super) fn guard_behind(&self, zone: &Zone) -> Option<usize> {
        self.guard_from(zone.address() + usable(self.os.page(), zone))
    }

    /// Bytes from `end`, of which the page is no guard, to the first guard in the next MiB.
    pub(super) fn guard_from(&self, end: usize) -> Option<usize> {
        let first = end.next_multiple_of(self.os.page());
        let guard = (first..=end + (1 << 20)).step_by(self.os.page()).find(|&page| self.os.guards_in(page, 1) == 1);
        guard.map(|page| page - end)
    }

    /// Calls for guards so far: installed and removed.
    pub(super) fn guard_calls(&self) -> (usize, usize) {
        (self.os.calls(Kind::Guard), self.os.calls(Kind::Unguard))
    }
}

/// What a block of `bytes` leaves of its last granule.
fn left(bytes: usize) -> usize {
    bytes.next_multiple_of(GRANULE) - bytes
}

#[test]
fn every_long_block_has_a_guard_behind_it() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let page = world.os.page();
    for bytes in [1 << 20, (1 << 20) - 1, (1 << 20) - page, (1 << 20) + 1, 3 << 20, (3 << 20) + 100_000, 2_000_000] {
        let zone = heap.block(&world, bytes);
        assert_eq!(world.guard_behind(zone), Some(0), "{bytes} bytes");
        // The last page of what it leaves of its last granule, or else all of one granule more.
        let expected = if left(bytes) >= page { page } else { GRANULE };
        assert_eq!((usable(page, zone), usable(page, zone) >= bytes), (zone.bytes() - expected, true));
    }
    assert_eq!(world.guard_calls(), (7, 0));
}

#[test]
fn a_guard_is_within_a_mib_behind_short_blocks() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    for bytes in [40_000, 100_000, 200_000, 300_000, GRANULE, 2 * GRANULE, 5 * GRANULE] {
        let blocks: Vec<_> = (0..100).map(|_| heap.block(&world, bytes)).collect();
        let behind = |zone: &&&Zone| world.guard_behind(zone).is_some();
        // None lies behind the last few.
        let guarded = blocks.iter().take_while(behind).count();
        assert!(guarded >= 100 - (1 << 20) / bytes, "{guarded} of 100 blocks of {bytes} bytes");
        let installed = blocks.iter().filter(|zone| world.guard_behind(zone) == Some(0)).count();
        assert!(installed <= 100 * bytes.next_multiple_of(GRANULE) / (1 << 20) + 2, "no more than needed: {installed}");
    }
}

#[test]
fn a_guard_stays_for_the_next_block_that_ends_there() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    let zone = heap.block(&world, 1 << 20);
    heap.give(&tools, zone, 1 << 20);
    for _ in 0..3 {
        let again = heap.block(&world, 1 << 20);
        assert!(core::ptr::eq(again, zone) && world.guard_behind(again) == Some(0));
        heap.give(&tools, again, 1 << 20);
    }
    assert_eq!(world.guard_calls(), (1, 0));
    // One that uses a part of the wall's granule needs a smaller one, and one that does not makes a wall of it again.
    world.wait(100);
    for (bytes, installed) in [((1 << 20) + 5000, 2), ((1 << 20) + 500, 2), (1 << 20, 3)] {
        let again = heap.block(&world, bytes);
        fill(again, usable(world.os.page(), again), 1);
        assert!(world.guard_behind(again).is_some());
        heap.give(&tools, again, bytes);
        assert_eq!(world.guard_calls(), (installed, 1));
    }
    // One in the way goes, with a purge between them or without.
    heap.purge(&tools, 0);
    heap.check(&world);
    let run = heap.take(&tools, 40, 1, false).expect("memory");
    assert!(run.clean && is_all(bytes_of(run.zone), 0));
    assert_eq!(world.guard_calls(), (3, 2));
    heap.check(&world);
}

#[test]
fn a_resized_block_has_its_guard_where_it_ends() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let (tools, page) = (world.tools(), world.os.page());
    let zone = heap.block(&world, 1 << 20);
    for bytes in [(1 << 20) + 70_000, 2 << 20, (2 << 20) + GRANULE - page, 3 << 20, 600_000, 5 << 20, 524_288] {
        world.wait(100);
        heap.purge(&tools, 0);
        world.wait(100);
        assert!(heap.resize_block(&tools, zone, bytes), "to {bytes}");
        zone.requested.set(bytes);
        heap.check(&world);
        assert!(world.guard_behind(zone).is_some_and(|more| more < GRANULE), "{bytes} bytes");
        fill(zone, usable(page, zone), 1);
        assert!(zone.bytes() - usable(page, zone) <= GRANULE);
    }
}

#[test]
fn a_block_without_room_for_a_guard_does_without() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    let whole = heap.block(&world, ARENA);
    assert_eq!((whole.bytes(), usable(world.os.page(), whole)), (ARENA, ARENA));
    assert_eq!(world.guard_calls(), (0, 0));
    let first = heap.block(&world, (1 << 20) - 5000);
    assert_eq!(world.guard_behind(first), Some(0));
    heap.take(&tools, 1, 1, false).expect("what stands in the way");
    // It grows over its guard, since it cannot grow beyond.
    assert!(heap.resize_block(&tools, first, 1 << 20));
    first.requested.set(1 << 20);
    heap.check(&world);
    assert_eq!((world.guard_behind(first), usable(world.os.page(), first)), (None, 1 << 20));
    fill(first, 1 << 20, 1);
}

#[test]
fn refused_guards_hurt_nobody() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    world.os.refuse(Kind::Guard, true);
    let zone = heap.block(&world, 1 << 20);
    assert_eq!(world.guard_behind(zone), None);
    fill(zone, zone.bytes(), 1);
    heap.give(&world.tools(), zone, 1 << 20);
    world.os.refuse(Kind::Guard, false);
    world.wait(100);
    let zone = heap.block(&world, 1 << 20);
    assert!(world.guard_behind(zone).is_some());
    heap.give(&world.tools(), zone, 1 << 20);
    // One that stays is never in a run: better none.
    world.os.refuse(Kind::Unguard, true);
    assert!(heap.take(&world.tools(), 30, 1, false).is_none());
    heap.check(&world);
    world.os.refuse(Kind::Unguard, false);
    assert!(heap.take(&world.tools(), 30, 1, false).is_some());
    heap.check(&world);
}

#[test]
fn a_block_of_no_bytes_can_be_used_as_far_as_it_says() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    // New memory, for which a guard may come, and none near.
    heap.take(&world.tools(), 60, 1, false).expect("memory");
    let zone = heap.block(&world, 0);
    assert_eq!(world.os.guards_in(zone.address(), usable(world.os.page(), zone)), 0);
    fill(zone, usable(world.os.page(), zone), 1);
}

#[test]
fn few_guards_come_while_memory_is_used_again() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    let whole = heap.block(&world, 40 << 20);
    heap.give(&tools, whole, 40 << 20);
    let (mut random, mut live) = (crate::os::mock::Random::new(3), Vec::new());
    for step in 0..20_000 {
        let zone = heap.take_block(&tools, 40_960 + random.below(1 << 20), 1).expect("memory").zone;
        zone.requested.set(1);
        zone.set_role(Role::Large);
        live.push(zone);
        if step % 2 == 0 && live.len() > 30 {
            let touched = live[0].bytes();
            heap.give(&tools, live.swap_remove(0), touched);
        }
        while live.len() > 40 {
            let nth = random.below(live.len());
            let touched = live[nth].bytes();
            heap.give(&tools, live.swap_remove(nth), touched);
        }
        world.wait(u64::from(step % 500 == 499));
    }
    heap.check(&world);
    // 40 ms pass.
    let (installed, removed) = world.guard_calls();
    assert!(installed > 20 && installed <= 40 + 16 + 10 && removed <= installed, "{installed}, {removed}");
}

#[test]
fn what_a_block_used_before_it_shrank_is_not_clean() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    world.os.refuse(Kind::Guard, true);
    let zone = heap.block(&world, (1 << 20) + 5000);
    fill(zone, zone.bytes(), 1);
    assert!(heap.resize_block(&tools, zone, 1 << 20) && zone.bytes() == (1 << 20) + GRANULE);
    heap.give(&tools, zone, 1 << 20);
    heap.take(&tools, (1 << 20) / GRANULE, 1, false).expect("memory");
    let last = heap.take(&tools, 1, 1, false).expect("memory");
    assert!(!last.clean || is_all(bytes_of(last.zone), 0));
}
