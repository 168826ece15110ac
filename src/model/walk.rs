//! A report that reads the heap while threads change it.

use super::*;
use crate::heap::{Item, from_zone};

/// What a report says of a block of the zone that has live ones behind it.
fn look(zone: &'static Zone, index: usize) -> Option<usize> {
    let (mut items, start) = ([Item::NONE], zone.block_at(index).addr());
    let (count, next) = from_zone(zone, start, &mut items);
    let [item] = items;
    assert!(count == 0 || (item.start >= start && next == item.start + zone.class().block()));
    assert!(item.requested <= zone.class().block());
    (count == 1 && item.start == start).then_some(item.requested)
}

#[test]
fn a_zone_is_read_only_as_it_was_cut() {
    explore(None, |world| {
        let [zone, _] = world.zones;
        zone.set_role(Role::None);
        zone.watch_publication();
        let thread = spawn(move || {
            if zone.role() == Role::Blocks {
                assert_eq!(look(zone, 1), None, "none of its blocks was handed out");
            }
        });
        let (chunk, _) = zone.chunk().expect("a chunk");
        zone.states().iter().for_each(|state| state.set(FRESH));
        zone.cut(class(), chunk, true, &world.caches[1].owner);
        zone.set_role(Role::Blocks);
        thread.join();
    });
}

#[test]
fn a_freed_block_is_never_seen_to_live_again() {
    explore(Some(2), |world| {
        let [zone, _] = world.zones;
        let free = {
            let world = Arc::clone(world);
            spawn(move || world.free(0, 1, world.caches[1]))
        };
        let read = spawn(move || {
            let seen = [look(zone, 1), look(zone, 1)];
            assert!(seen[0].is_some() || seen[1].is_none(), "{seen:?}");
        });
        world.collect(world.caches[0]);
        [free, read].into_iter().for_each(Thread::join);
        world.check(1, 1);
    });
}

#[test]
fn a_block_that_is_handed_out_has_one_of_its_sizes() {
    explore(Some(2), |world| {
        let [zone, other] = world.zones;
        let own = world.caches[0];
        let block = class().block();
        world.free(0, 1, own);
        // The zone's turn: a window with one free block.
        own.surrender(|_| ());
        own.place(other, 0);
        let read = spawn(move || {
            let seen = look(zone, 1);
            assert!(seen.is_none_or(|bytes| [block, block - 7].contains(&bytes)), "{seen:?}");
        });
        assert!(own.start_zone(class(), zone));
        let taken = own.take_class(class(), block - 7).0;
        assert_eq!(zone.index_of(taken.addr()), Some(1));
        world.free(0, 1, own);
        read.join();
    });
}
