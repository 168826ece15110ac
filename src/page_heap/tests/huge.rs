//! Huge pages: which runs come from arenas of their own, and when these are populated.

use super::*;
use crate::page_heap::take::HUGE_FROM;

/// Whether a run lies in an arena of huge pages.
fn is_huge(world: &World, run: &Run) -> bool {
    world.map.arena(run.zone.address()).is_some_and(|arena| arena.huge.get())
}

/// Takes a dense run of `granules`.
fn dense(world: &World, heap: &mut PageHeap, granules: usize) -> Run {
    let run = heap.take(&world.tools(), granules, 1, true).expect("memory");
    heap.check_invariants(world.map);
    run
}

/// Takes dense runs of one granule until the first one comes from a huge arena: the others, and that one.
fn until_huge(world: &World, heap: &mut PageHeap) -> (Vec<Run>, Run) {
    let mut plain = Vec::new();
    loop {
        let run = dense(world, heap, 1);
        if is_huge(world, &run) {
            return (plain, run);
        }
        assert!(plain.len() < 2 * HUGE_FROM, "large enough for huge pages");
        plain.push(run);
    }
}

/// Takes dense runs of one granule until the arena has none that is prepared.
fn fill_up(world: &World, heap: &mut PageHeap, arena: &'static Arena) {
    while arena.free.next_run(0).is_some() {
        dense(world, heap, 1);
    }
}

/// Gives a run back, all of which was written to.
fn give(world: &World, heap: &mut PageHeap, zone: &'static Zone) {
    fill(zone, zone.bytes(), 1);
    heap.give(&world.tools(), zone, zone.bytes());
    heap.check_invariants(world.map);
}

#[test]
fn dense_runs_come_from_huge_arenas_once_there_are_enough() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    // Sparse runs do not count, however many.
    let sparse = heap.take(&world.tools(), 900, 1, false).expect("memory");
    heap.take(&world.tools(), GRANULES - 900, 1, false).expect("memory");
    assert_eq!(heap.mapped, GRANULES, "no plain granule is free");
    let (plain, _) = until_huge(&world, &mut heap);
    // What is prepared at a time, a quarter of all, is used up first.
    assert!((HUGE_FROM..HUGE_FROM + 256).contains(&plain.len()), "{} granules before", plain.len());
    assert_eq!(world.os.calls(Kind::Populate), 1);
    // Sparse ones stay away; dense ones take what is left of the huge page, and begin no other.
    for _ in 0..HUGE - 1 {
        let sparse = heap.take(&world.tools(), 1, 1, false).expect("memory");
        assert!(!is_huge(&world, &sparse));
        assert!(is_huge(&world, &dense(&world, &mut heap, 1)));
    }
    assert_eq!(world.os.calls(Kind::Populate), 1);
    heap.give(&world.tools(), sparse.zone, 0);
    assert!(is_huge(&world, &dense(&world, &mut heap, 1)), "although there is other free memory");
    assert_eq!(world.os.calls(Kind::Populate), 2);
}

#[test]
fn free_memory_of_plain_arenas_serves_dense_runs_before_a_huge_arena_begins() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    dense(&world, &mut heap, HUGE_FROM);
    let sparse = heap.take(&world.tools(), 100, 1, false).expect("memory");
    heap.take(&world.tools(), 1, 1, false).expect("memory");
    heap.give(&world.tools(), sparse.zone, 0);
    assert!(!is_huge(&world, &dense(&world, &mut heap, 100)));
    assert_eq!(world.os.calls(Kind::Populate), 0);
}

#[test]
fn huge_arenas_serve_sparse_runs_when_memory_has_ended() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    until_huge(&world, &mut heap);
    let free = heap.sum(|arena| &arena.free);
    let populated = world.os.calls(Kind::Populate);
    for kind in [Kind::Reserve, Kind::Prepare, Kind::Map] {
        world.os.refuse(kind, true);
    }
    let runs: Vec<_> = core::iter::from_fn(|| heap.take(&tools, 1, 1, false)).collect();
    heap.check_invariants(world.map);
    assert_eq!(runs.len(), free, "all that is free is used");
    let first = runs.iter().position(|run| is_huge(&world, run)).expect("some");
    assert!(runs[first..].iter().all(|run| is_huge(&world, run)), "the huge ones last");
    assert!(runs.len() - first > HUGE, "more than what is left of the first page");
    assert_eq!(world.os.calls(Kind::Populate), populated, "sparse runs make nothing resident that they do not touch");
}

#[test]
fn a_page_is_populated_again_only_after_all_of_it_was_purged() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    let populated = || world.os.calls(Kind::Populate);
    let (_, first) = until_huge(&world, &mut heap);
    let mut page = vec![first];
    page.extend((1..HUGE).map(|_| dense(&world, &mut heap, 1)));
    let address = page[0].zone.address();
    assert!(address.is_multiple_of(HUGE * GRANULE));
    assert!(page.iter().all(|run| run.clean && is_all(bytes_of(run.zone), 0)));
    assert!(page.iter().all(|run| (address..address + HUGE * GRANULE).contains(&run.zone.address())));
    assert_eq!((populated(), heap.dirty), (1, 0));
    // Free, but dirty.
    for run in page.drain(..) {
        give(&world, &mut heap, run.zone);
    }
    let whole = dense(&world, &mut heap, HUGE);
    assert_eq!((whole.zone.address(), whole.clean, populated()), (address, false, 1));
    // All free, and one granule of it dirty.
    heap.shrink(&tools, whole.zone, 1);
    heap.purge(&tools, 0);
    heap.check_invariants(world.map);
    give(&world, &mut heap, whole.zone);
    assert_eq!(heap.dirty, 1);
    let whole = dense(&world, &mut heap, HUGE);
    assert_eq!((whole.zone.address(), populated()), (address, 1));
    // Clean, but not free.
    heap.shrink(&tools, whole.zone, 1);
    heap.purge(&tools, 0);
    let rest = dense(&world, &mut heap, HUGE - 1);
    assert_eq!((rest.zone.address(), rest.clean, populated()), (address + GRANULE, true, 1));
    // All of it clean and free.
    give(&world, &mut heap, rest.zone);
    give(&world, &mut heap, whole.zone);
    heap.purge(&tools, 0);
    let run = dense(&world, &mut heap, 1);
    assert_eq!((run.zone.address(), run.clean, populated()), (address, true, 2));
    assert!(is_all(bytes_of(run.zone), 0) && heap.dirty == HUGE - 1);
}

#[test]
fn a_run_over_several_pages_populates_each_of_them() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    heap.most_spaces = 0;
    let (_, first) = until_huge(&world, &mut heap);
    let long = dense(&world, &mut heap, HUGE);
    assert_eq!(long.zone.address(), first.zone.address() + GRANULE);
    assert!(long.clean && is_all(bytes_of(long.zone), 0));
    assert_eq!((world.os.calls(Kind::Populate), heap.dirty), (2, HUGE - 1));
}

#[test]
fn what_nobody_has_had_of_a_page_goes_back_like_all_free_memory() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    world.os.clock.store(1_000_000, Relaxed);
    let (_, first) = until_huge(&world, &mut heap);
    assert_eq!(heap.dirty, HUGE - 1);
    for _ in 0..3 {
        let sparse = heap.take(&tools, 1, 1, false).expect("memory");
        heap.give(&tools, sparse.zone, 0);
        heap.check_invariants(world.map);
        world.wait(heap.purge_delay);
    }
    assert_eq!((heap.dirty, world.os.purged.load(Relaxed)), (0, (HUGE - 1) * GRANULE));
    let second = dense(&world, &mut heap, 1);
    assert_eq!(second.zone.address(), first.zone.address() + GRANULE);
    assert!(second.clean && world.os.calls(Kind::Populate) == 1, "part of the page is in use");
}

#[test]
fn a_run_that_grows_takes_over_what_nobody_has_had() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let (_, run) = until_huge(&world, &mut heap);
    assert!(heap.extend(&world.tools(), run.zone, 4) && is_all(bytes_of(run.zone), 0));
    heap.check_invariants(world.map);
    assert_eq!((heap.dirty, heap.sum(|arena| &arena.blank)), (HUGE - 4, HUGE - 4));
    give(&world, &mut heap, run.zone);
    assert!(!dense(&world, &mut heap, 4).clean);
}

#[test]
fn pages_that_the_os_does_not_populate_come_one_by_one() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    world.os.refuse(Kind::Populate, true);
    let (_, run) = until_huge(&world, &mut heap);
    assert!(run.clean && is_all(bytes_of(run.zone), 0) && heap.dirty == 0);
    assert_eq!(heap.sum(|arena| &arena.blank), 0);
}

#[test]
fn nothing_is_populated_without_the_option() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    heap.huge_pages = false;
    for _ in 0..3 * HUGE_FROM {
        assert!(!is_huge(&world, &dense(&world, &mut heap, 1)));
    }
    assert_eq!((world.os.calls(Kind::Populate), heap.dirty), (0, 0));
}

#[test]
fn dense_runs_given_back_do_not_count_any_more() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    let long = dense(&world, &mut heap, 3 * HUGE_FROM);
    assert_eq!(heap.dense, 3 * HUGE_FROM);
    heap.shrink(&tools, long.zone, HUGE_FROM);
    assert_eq!(heap.dense, HUGE_FROM);
    assert!(heap.extend(&tools, long.zone, HUGE_FROM + 5));
    assert_eq!(heap.dense, HUGE_FROM + 5);
    heap.give(&tools, long.zone, 0);
    assert_eq!(heap.dense, 0);
    heap.check_invariants(world.map);
    // Nothing is free: only a heap that counts more than there is would begin a huge arena.
    heap.take(&tools, GRANULES, 1, false).expect("memory");
    heap.give_up(&tools);
    let run = dense(&world, &mut heap, HUGE_FROM);
    assert!(!is_huge(&world, &run));
    assert_eq!(heap.dense, HUGE_FROM);
}

#[test]
fn pieces_in_the_slot_of_a_huge_arena_serve_every_run() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let (_, run) = until_huge(&world, &mut heap);
    heap.give_up(&world.tools());
    heap.check_invariants(world.map);
    world.os.refuse(Kind::Reserve, true);
    // Behind the one granule of that slot that is in use.
    world.os.map_at(run.zone.start.get().wrapping_add(GRANULE));
    for is_dense in [false, true] {
        let mapped = world.os.calls(Kind::Map);
        // Too long for what the piece before has left.
        let piece = heap.take(&world.tools(), 200, 1, is_dense).expect("there is memory");
        heap.check_invariants(world.map);
        assert!(is_huge(&world, &piece) && piece.clean && is_all(bytes_of(piece.zone), 0));
        assert!(world.os.calls(Kind::Map) <= mapped + 1);
    }
}

#[test]
fn the_header_of_a_huge_arena_serves_pieces_as_a_plain_one() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let (plain, run) = until_huge(&world, &mut heap);
    for run in plain.into_iter().chain([run]) {
        give(&world, &mut heap, run.zone);
    }
    heap.give_up(&world.tools());
    assert!(heap.arenas().next().is_none() && heap.spare.get().is_some_and(|header| header.huge.get()));
    world.os.refuse(Kind::Reserve, true);
    assert!(!is_huge(&world, &dense(&world, &mut heap, 1)));
}

#[test]
fn a_huge_arena_goes_on_with_whole_pages() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    heap.most_spaces = 0;
    let (_, run) = until_huge(&world, &mut heap);
    let arena = world.map.arena(run.zone.address()).expect("its arena");
    fill_up(&world, &mut heap, arena);
    // The OS grants the least only.
    world.os.fail_after(0);
    dense(&world, &mut heap, 5);
    assert_eq!(arena.ready() % HUGE, 5, "{} granules", arena.ready());
    dense(&world, &mut heap, 1);
    assert!(arena.ready().is_multiple_of(HUGE), "{} granules", arena.ready());
}

#[test]
fn a_space_is_behind_each_of_the_first_huge_pages() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let (plain, run) = until_huge(&world, &mut heap);
    let arena = world.map.arena(run.zone.address()).expect("its arena");
    let mut runs = vec![run];
    while arena.ready() < GRANULES || arena.free.next_run(0).is_some() {
        runs.push(dense(&world, &mut heap, 1));
        assert!(is_huge(&world, &runs[runs.len() - 1]), "before the arena is full");
    }
    for page in 0..GRANULES / HUGE {
        let used = arena.mapped.count(page * HUGE, HUGE);
        assert_eq!(used, if page % 2 == 0 { HUGE } else { 0 }, "page {page}");
    }
    assert_eq!((runs.len(), heap.spaces), (GRANULES / 2, GRANULES / HUGE / 2));
    heap.check_guards(&world.os);
    // All of it goes at once, or not at all.
    for run in &runs {
        give(&world, &mut heap, run.zone);
    }
    for refused in [true, false] {
        world.os.refuse(Kind::Unmap, refused);
        let unmapped = world.os.calls(Kind::Unmap);
        heap.purge(&world.tools(), 0);
        heap.check_invariants(world.map);
        heap.check_guards(&world.os);
        assert_eq!(world.map.arena(arena.base.get().addr()).is_some(), refused);
        assert_eq!(world.os.calls(Kind::Unmap), unmapped + usize::from(!refused));
    }
    assert_eq!(heap.spaces, 0);
    drop(plain);
}

#[test]
fn there_are_so_many_spaces_at_most() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    heap.most_spaces = 3;
    let (_, run) = until_huge(&world, &mut heap);
    let arena = world.map.arena(run.zone.address()).expect("its arena");
    for _ in 0..8 * HUGE {
        assert!(is_huge(&world, &dense(&world, &mut heap, 1)));
    }
    assert!(heap.spaces == 3 && arena.spaces(HUGE).eq([HUGE, 3 * HUGE, 5 * HUGE]));
    heap.check_guards(&world.os);
}

#[test]
fn a_space_that_the_os_refuses_is_memory() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    world.os.refuse(Kind::Guard, true);
    let (_, run) = until_huge(&world, &mut heap);
    let arena = world.map.arena(run.zone.address()).expect("its arena");
    assert_eq!((heap.spaces, arena.mapped.count(0, arena.ready())), (0, arena.ready()));
    heap.check_guards(&world.os);
    let run = dense(&world, &mut heap, 2 * HUGE - 1);
    assert!(is_huge(&world, &run));
    fill(run.zone, run.zone.bytes(), 1);
    // What cannot be made memory again is a space.
    world.os.refuse(Kind::Unguard, true);
    while heap.spaces == 0 {
        fill_up(&world, &mut heap, arena);
        dense(&world, &mut heap, 1);
    }
}

#[test]
fn spaces_go_back_when_memory_ends() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let (_, run) = until_huge(&world, &mut heap);
    let arena = world.map.arena(run.zone.address()).expect("its arena");
    let held = world.os.held();
    assert!(heap.spaces > 0 && heap.give_up(&world.tools()));
    heap.check_invariants(world.map);
    // Of its slot the one granule in use is left.
    assert!(held - world.os.held() >= ARENA - GRANULE);
    assert_eq!(world.os.guards_in(arena.base.get().addr(), ARENA), 0);
    assert_eq!((arena.mapped.count(0, GRANULES), heap.spaces), (1, 0));
}
