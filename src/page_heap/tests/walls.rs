//! Walls: guards before zones.

use super::*;

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
