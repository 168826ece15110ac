//! Guards behind LARGE runs and before zones.

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
    fn block(&mut self, world: &World, bytes: usize) -> &'static Zone {
        let zone = self.take_block(&world.tools(), bytes, 1).expect("memory").zone;
        zone.requested.set(bytes);
        zone.set_role(Role::Large);
        self.check(world);
        zone
    }

    /// Everything.
    fn check(&self, world: &World) {
        self.check_invariants(world.map);
        self.check_guards(&world.os);
    }
}

impl World {
    /// Bytes from the end of what a block may use to the first guard behind it; `None` if there is none in the next MiB.
    fn guard_behind(&self, zone: &Zone) -> Option<usize> {
        self.guard_from(zone.address() + usable(self.os.page(), zone))
    }

    /// Bytes from `end`, of which the page is no guard, to the first guard in the next MiB.
    fn guard_from(&self, end: usize) -> Option<usize> {
        let first = end.next_multiple_of(self.os.page());
        let guard = (first..=end + (1 << 20)).step_by(self.os.page()).find(|&page| self.os.guards_in(page, 1) == 1);
        guard.map(|page| page - end)
    }

    /// Calls for guards so far: installed and removed.
    fn guard_calls(&self) -> (usize, usize) {
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

/// Takes `count` zones of these lengths in turn.
fn zones(world: &World, heap: &mut PageHeap, lengths: &[usize], count: usize) -> Vec<&'static Zone> {
    let mut take = |&length| {
        let zone = heap.take_zone(&world.tools(), length, false).expect("memory").zone;
        zone.set_role(Role::Blocks);
        zone
    };
    let zones = lengths.iter().cycle().take(count).map(&mut take).collect();
    heap.check(world);
    zones
}

/// Leaves 64 free granules that were written to.
fn give_used(world: &World, heap: &mut PageHeap) {
    let run = heap.take(&world.tools(), 64, 1, false).expect("memory").zone;
    fill(run, run.bytes(), 1);
    heap.give(&world.tools(), run, run.bytes());
}

#[test]
fn a_wall_is_within_a_mib_behind_every_zone() {
    for lengths in [&[1][..], &[2], &[4], &[8], &[1, 8, 2, 4, 1, 1, 4]] {
        let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
        let tools = world.tools();
        heap.allowed_dirty = 4 * GRANULES;
        // New memory, for which walls may come.
        let first = heap.take(&tools, 64, 1, false).expect("memory").zone;
        let taken = zones(&world, &mut heap, lengths, 100);
        let granules = |zones: &[&Zone]| zones.iter().map(|zone| zone.bytes() / GRANULE).sum::<usize>();
        let all = granules(&taken);
        // From the first block's end on. Behind the last few zones there is none.
        let bare = taken.iter().rposition(|zone| world.guard_from(zone.address() + 16).is_some()).expect("walls");
        assert!(taken[..bare].iter().all(|zone| world.guard_from(zone.address() + 16).is_some()));
        assert!(granules(&taken[bare..]) <= 16 + 8);
        let walls = heap.sum(|arena| &arena.walls);
        let most = all / if lengths == [8] { 16 } else { 12 };
        assert!((most / 2..=most + 1).contains(&walls), "{walls} walls");
        assert_eq!((world.guard_calls(), heap.in_use), ((walls, 0), 64 + all + walls));
        // They stay for the next zones there.
        for zone in &taken {
            heap.give(&tools, zone, 0);
        }
        heap.check(&world);
        assert_eq!((heap.in_use, heap.sum(|arena| &arena.walls)), (64, walls));
        let again = zones(&world, &mut heap, lengths, 100);
        assert!(again.iter().zip(&taken).all(|(again, zone)| core::ptr::eq(*again, *zone)));
        assert_eq!(world.guard_calls(), (walls, 0));
        for zone in &taken {
            heap.give(&tools, zone, zone.bytes());
        }
        assert_eq!(heap.dirty, all, "walls have no memory");
        // And go when they are in the way.
        heap.give(&tools, first, 0);
        heap.take(&tools, 64 + all + walls, 1, false).expect("memory");
        heap.check(&world);
        assert_eq!(world.guard_calls(), (walls, walls));
    }
}

#[test]
fn a_wall_in_the_place_of_memory_counts_as_none() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    give_used(&world, &mut heap);
    assert_eq!(heap.dirty, 64);
    // There is none in the first MiB.
    let zone = zones(&world, &mut heap, &[2], 9)[8];
    assert_eq!((heap.dirty, heap.in_use, world.guard_calls()), (64 - 19, 19, (1, 0)));
    assert_eq!(world.os.guards_in(zone.address() - GRANULE, GRANULE) * world.os.page(), GRANULE);
    heap.give(&tools, zone, zone.bytes());
    heap.check(&world);
    assert_eq!((heap.dirty, heap.in_use), (64 - 17, 16));
}

#[test]
fn memory_that_is_there_behind_a_wall_comes_before_new() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    let untouched = heap.take(&tools, 4, 1, false).expect("memory").zone;
    heap.take(&tools, 60, 1, false).expect("memory");
    let walled = zones(&world, &mut heap, &[4], 1)[0];
    assert!(world.os.guards_in(walled.address() - GRANULE, GRANULE) > 0);
    heap.take(&tools, 1, 1, false).expect("memory");
    heap.give(&tools, walled, walled.bytes());
    heap.give(&tools, untouched, 0);
    let run = heap.take_zone(&tools, 4, false).expect("memory");
    assert!(core::ptr::eq(run.zone, walled) && run.dirty == 4);
}

#[test]
fn zones_of_untouched_memory_have_walls() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    heap.take(&tools, 64, 1, false).expect("memory");
    // So nothing may be lent that is resident.
    heap.allowed_dirty = 0;
    for _ in 0..100 {
        heap.lend(&tools, 4).expect("memory").zone.set_role(Role::Blocks);
    }
    heap.check(&world);
    assert!((20..=30).contains(&heap.sum(|arena| &arena.walls)), "{}", heap.sum(|arena| &arena.walls));
}

#[test]
fn no_room_for_a_wall_is_wanted_that_an_arena_does_not_have() {
    for nth in 0..20 {
        let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
        heap.take(&world.tools(), 32, 1, false).expect("memory");
        world.os.fail_after(nth);
        if let Some(run) = heap.take_block(&world.tools(), GRANULE, GRANULES) {
            run.zone.requested.set(GRANULE);
            run.zone.set_role(Role::Large);
            assert!(run.zone.address().is_multiple_of(ARENA));
        }
        heap.check(&world);
        assert!(world.os.prepared_within_reservations());
        assert!(heap.arenas().count() <= 3);
    }
}

#[test]
fn few_walls_are_far_from_the_next_when_zones_come_and_go() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    let (mut random, mut live) = (crate::os::mock::Random::new(5), Vec::new());
    for step in 0..30_000 {
        let zone = heap.take_zone(&tools, 1 << random.below(4), false).expect("memory").zone;
        zone.set_role(Role::Blocks);
        live.push(zone);
        while live.len() > 500 + random.below(300) {
            let nth = random.below(live.len());
            let zone = live.swap_remove(nth);
            heap.give(&tools, zone, zone.bytes());
        }
        world.wait(u64::from(step % 10 == 0));
    }
    heap.check(&world);
    let far = live.iter().filter(|zone| world.guard_from(zone.address() + 16).is_none()).count();
    assert!(far < live.len() / 11, "{far} of {} zones", live.len());
    let (installed, removed) = world.guard_calls();
    // 3 s pass, and new memory comes.
    assert!(installed <= 3000 / 4 + heap.peak_mapped / 16 && removed < installed, "{installed}, {removed}");
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
fn a_wall_that_comes_half_of_the_way_goes_or_is_known() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    world.os.refuse(Kind::Guard, true);
    let zone = heap.block(&world, 1 << 20);
    fill(zone, zone.bytes(), 1);
    heap.give(&tools, zone, 1 << 20);
    // In the place of a smaller guard.
    world.os.refuse(Kind::Guard, false);
    world.wait(100);
    let zone = heap.block(&world, (1 << 20) + 5000);
    assert_eq!(world.guard_behind(zone), Some(0));
    heap.give(&tools, zone, 1 << 20);
    world.os.refuse(Kind::Guard, true);
    world.wait(100);
    let zone = heap.block(&world, 1 << 20);
    assert_eq!(world.guard_behind(zone), None);
    heap.give(&tools, zone, 1 << 20);
    // One that cannot go again.
    world.os.refuse(Kind::Unguard, true);
    world.wait(100);
    let zone = heap.take_block(&tools, 1 << 20, 1).expect("memory").zone;
    heap.give(&tools, zone, 1 << 20);
    world.os.refuse(Kind::Unguard, false);
    heap.take(&tools, 40, 1, false).expect("memory");
    heap.check(&world);
    assert_eq!(world.os.guards_in(0, usize::MAX), 0);
}

#[test]
fn what_is_in_a_wall_that_neither_comes_nor_goes_is_not_clean() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    give_used(&world, &mut heap);
    world.os.refuse(Kind::Guard, true);
    world.os.refuse(Kind::Unguard, true);
    // Before a zone, of memory that is old by then.
    world.wait(heap.purge_delay);
    let taken = [(); 9].map(|()| heap.take_zone(&tools, 2, false).expect("memory").zone);
    assert_eq!((heap.sum(|arena| &arena.walls), heap.dirty, heap.in_use), (1, 64 - 19, 19));
    heap.check_invariants(world.map);
    for zone in taken {
        heap.give(&tools, zone, 0);
    }
    heap.check_invariants(world.map);
    assert_eq!(heap.dirty, 64);
    // Behind blocks, of which the first has that one.
    world.wait(100);
    let blocks = [(); 2].map(|()| heap.take_block(&tools, 1 << 20, 1).expect("memory").zone);
    assert_eq!((heap.sum(|arena| &arena.walls), heap.dirty), (2, 64 - 34));
    for zone in blocks {
        heap.give(&tools, zone, 0);
    }
    heap.check_invariants(world.map);
    world.os.refuse(Kind::Unguard, false);
    let run = heap.take(&tools, 64, 1, false).expect("memory");
    assert_eq!((run.dirty, run.clean), (64, false));
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
