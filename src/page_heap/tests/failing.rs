//! Calls of the OS that fail, and address space that is short.

use super::*;

/// A little of everything: growth over several arenas or pieces, resizing, purges, for runs of these lengths, dense or
/// not. `false` where memory ended.
fn scenario(world: &World, heap: &mut PageHeap, sizes: &[(usize, bool)]) -> bool {
    let tools = world.tools();
    let taken: Vec<_> = sizes.iter().map(|&(granules, dense)| heap.take(&tools, granules, 4, dense)).collect();
    let all = taken.iter().all(Option::is_some);
    for (nth, run) in taken.into_iter().flatten().enumerate() {
        fill(run.zone, GRANULE, 1);
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
/// same heap, until no call fails any more. At the end there is metadata, the growing arenas and at most `lost` bytes.
fn fail_in_turn(sizes: &[(usize, bool)], lost: usize, prepare: impl Fn(&mut World), fail: impl Fn(&Mock, usize)) {
    for round in 0.. {
        let (mut world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
        prepare(&mut world);
        fail(&world.os, round);
        scenario(&world, &mut heap, sizes);
        let hit = world.os.budget_left() == 0 || world.os.has_failed();
        world.os.refill(usize::MAX);
        world.os.fail_after(usize::MAX);
        assert!(scenario(&world, &mut heap, sizes), "memory is there again after round {round}");
        assert!(world.os.prepared_within_reservations());
        assert_eq!((heap.in_use, heap.dirty), (0, 0));
        let growing = [&heap.plain, &heap.huge].iter().filter(|side| side.growing.get().is_some()).count();
        let kept = growing * ARENA + METADATA;
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

/// Lengths for whole arenas, of which the second run is what makes the heap large; the two dense runs that follow
/// begin a huge page each.
const FOR_ARENAS: [(usize, bool); 7] =
    [(1, false), (700, true), (8, true), (600, false), (28, true), (3, false), (2, true)];

#[test]
fn every_call_fails_in_turn() {
    fail_in_turn(&FOR_ARENAS, 0, |_| {}, Mock::refill);
    fail_in_turn(&FOR_ARENAS, 0, |_| {}, Mock::fail_after);
}

#[test]
fn every_call_fails_in_turn_where_hints_are_missed() {
    let missed = |world: &mut World| world.os.miss_hints(GRANULE);
    // Address space that was never entered and that the OS does not take back is lost, without memory behind it.
    fail_in_turn(&FOR_ARENAS, 8 * ARENA, missed, Mock::refill);
    fail_in_turn(&FOR_ARENAS, ARENA, missed, Mock::fail_after);
}

#[test]
fn every_call_fails_in_turn_where_pieces_have_to_do() {
    let sizes = [(1, false), (8, true), (130, true), (8, false), (30, true), (3, false)];
    let short = |world: &mut World| short_of_space(world, (1 << 20) - 12 * 4096);
    // The ends of pieces that reach beyond their granules.
    fail_in_turn(&sizes, 6 * GRANULE, short, Mock::refill);
    fail_in_turn(&sizes, GRANULE, short, Mock::fail_after);
}

/// Puts the address map into pages of the mock and seals all of it: the first entry of each page has to open it.
fn seal_map(world: &mut World) {
    let memory = world.os.map(size_of::<AddressMap>()).expect("memory");
    // SAFETY: all fields are atomics, for which zero is valid; the pages are there as long as the world.
    world.map = unsafe { memory.cast().as_ref() };
    world.map.seal(&world.os, usize::MAX);
}

#[test]
fn every_call_fails_in_turn_where_the_map_is_sealed() {
    let lost = size_of::<AddressMap>();
    fail_in_turn(&FOR_ARENAS, lost + ARENA, seal_map, Mock::refill);
    fail_in_turn(&FOR_ARENAS, lost, seal_map, Mock::fail_after);
    let sizes = [(1, false), (8, true), (130, true), (30, true)];
    let short = |world: &mut World| {
        seal_map(world);
        short_of_space(world, (1 << 20) - 12 * 4096);
        world.os.limit.fetch_add(lost, Relaxed);
    };
    // The longest piece, too, if it is neither entered nor unmapped.
    fail_in_turn(&sizes, lost + (130 + 6) * GRANULE, short, Mock::refill);
    fail_in_turn(&sizes, lost + GRANULE, short, Mock::fail_after);
}

#[test]
fn the_map_is_not_sealed_once_there_are_arenas() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    heap.take(&world.tools(), 1, 1, false).expect("memory");
    heap.seal_map(&world.tools());
    assert!(world.os.calls(Kind::Protect) == 0 && world.os.prepared_within_reservations());
}

#[test]
fn the_lengths_for_arenas_lead_to_huge_pages() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    assert!(scenario(&world, &mut heap, &FOR_ARENAS));
    assert_eq!(world.os.calls(Kind::Populate), 2);
}

#[test]
fn a_piece_across_two_slots_serves_a_run() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    short_of_space(&world, 12 << 20);
    for granules in [8, 8, 180] {
        assert!(heap.take(&world.tools(), granules, 1, false).is_some(), "{granules} granules");
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
            heap.take(&world.tools(), 900, 1, false).expect("memory");
            heap.check_invariants(world.map);
        }
        assert_eq!(world.os.held(), heap.mapped * GRANULE + METADATA);
    }
}
