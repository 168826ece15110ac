//! Memory that the program has locked: the OS does not purge it.

use core::ptr::NonNull;

use super::*;

#[test]
fn locked_pages_are_not_purged_again_and_again() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    heap.allowed_dirty = 10;
    let runs = world.runs(&mut heap, 100, 1);
    world.os.refuse(Kind::Purge, true);
    for zone in runs {
        heap.give(&tools, zone, GRANULE);
    }
    assert_eq!(heap.dirty, 100);
    heap.check_invariants(world.map);
    // Not before the next tick.
    world.os.refuse(Kind::Purge, false);
    let more = heap.take(&tools, 1, 1, false).expect("memory").zone;
    heap.give(&tools, more, GRANULE);
    assert_eq!((heap.dirty, world.os.calls(Kind::Purge)), (100, 0));
    world.wait(heap.purge_delay);
    let more = heap.take(&tools, 1, 1, false).expect("memory").zone;
    heap.give(&tools, more, GRANULE);
    assert!(heap.dirty <= 10);
    heap.check_invariants(world.map);
}

#[test]
fn one_locked_page_keeps_its_granule_only() {
    let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
    let tools = world.tools();
    let runs = world.runs(&mut heap, 100, 1);
    let locked = NonNull::new(runs[50].start.get()).expect("not null");
    assert!(world.os.lock(locked, true));
    for zone in runs {
        heap.give(&tools, zone, GRANULE);
    }
    assert!(heap.purge(&tools, 0));
    assert_eq!(heap.dirty, 1);
    heap.check_invariants(world.map);
    assert!(world.os.lock(locked, false) && heap.purge(&tools, 0));
    assert_eq!(heap.dirty, 0);
}
