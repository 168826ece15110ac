//! Tests of the thread cache.

use std::collections::BTreeSet;

use super::*;
use crate::os::mock::Random;
use crate::ptr::size;
use crate::remote::post;
use crate::size_class::{FREED, MAX_BYTE_SLACK, WINDOW};
use crate::zone::{Place, Role, Spot};

impl Cache {
    /// A cache for one test.
    pub(crate) fn for_test() -> &'static Self {
        let memory = Box::leak(Box::new(core::mem::MaybeUninit::<Self>::zeroed()));
        over(NonNull::from_mut(memory).cast())
    }

    /// Every structural promise of a cache that its thread does not use meanwhile. Returns the addresses of its zones.
    pub(crate) fn check_invariants(&'static self) -> BTreeSet<usize> {
        let mut zones = BTreeSet::new();
        let mut meet = |zone: &'static Zone, place: Place| {
            assert!(zone.owner.is(&self.owner) && zone.role() == Role::Blocks);
            assert_eq!(zone.place(), place);
            assert!(zones.insert(zone.address()), "a zone in two places");
        };
        for class in Class::all() {
            let slot = &self.slots[class.index()];
            let window: *const RelaxedU64 = slot.window.get().as_ptr();
            match self.current_of(class) {
                Some(zone) => {
                    meet(zone, Place::Current);
                    assert_eq!(zone.class(), class);
                    let at = zone.words().iter().position(|word| core::ptr::eq(word, window)).expect("its window");
                    assert_eq!(slot.base.get().addr(), zone.block_at(at * WINDOW).addr());
                    assert_eq!(slot.state.get(), zone.states()[at * WINDOW..].as_ptr());
                    assert_eq!(
                        (usize::from(slot.block.get()), slot.tag.get(), slot.clean.get()),
                        (class.block(), low8(class.block() + usize::from(LIVE)), zone.is_clean())
                    );
                }
                None => assert!(core::ptr::eq(window, &raw const NO_BLOCKS)),
            }
            for place in [Place::Available, Place::Sparse] {
                let list = self.list_of(class, place);
                for zone in list.iter() {
                    meet(zone, place);
                    assert_eq!(zone.class(), class);
                }
                list.check_invariants();
            }
        }
        self.full.iter().for_each(|zone| meet(zone, Place::Full));
        self.full.check_invariants();
        assert!(self.idle.first().is_none(), "idle zones go to the page heap at once");
        zones
    }
}

/// Hands out every block of a new zone of `class`, in the order in which they come; the zone is full then.
fn full_zone(cache: &'static Cache, class: Class) -> (&'static Zone, Vec<usize>) {
    let zone = Zone::for_test(class, &cache.owner);
    assert!(cache.start_zone(class, zone));
    let mut blocks = Vec::new();
    loop {
        cache.check_invariants();
        while let (block, true) = cache.take_class(class, class.block()) {
            blocks.push(block.addr());
        }
        if !cache.refill(class, &mut |_, _| panic!("no misuse")) {
            return (zone, blocks);
        }
    }
}

#[test]
fn every_block_of_a_zone_is_handed_out_once_and_in_order() {
    let cache = Cache::for_test();
    for class in Class::all() {
        let (zone, blocks) = full_zone(cache, class);
        let expected: Vec<_> = (0..size(class.layout().blocks)).map(|index| zone.block_at(index).addr()).collect();
        assert_eq!(blocks, expected);
        assert_eq!(zone.place(), Place::Full);
    }
    cache.check_invariants();
}

#[test]
fn zones_wake_at_the_right_counts() {
    let mut random = Random::new(8);
    let cache = Cache::for_test();
    for class in Class::all() {
        let (zone, mut blocks) = full_zone(cache, class);
        let (all, enough, few) =
            (blocks.len(), (blocks.len() / 8).max(1), blocks.len() - (blocks.len() / 16).min(zone.bytes() / 4096));
        cache.sparse_bytes.set(0);
        for count in 1..=all {
            let address = blocks.swap_remove(random.below(blocks.len()));
            let expected = if [enough, few, all].contains(&count) { Freed::Woke } else { Freed::Done };
            assert_eq!(free_own(zone, address), expected, "free {count} of {all}");
            if expected == Freed::Woke {
                cache.woken(zone);
            }
            if count < all {
                let room = if count < few { Place::Available } else { Place::Sparse };
                assert_eq!(zone.place(), if count < enough { Place::Full } else { room });
                assert_eq!(zone.counted_free(), count);
                assert_eq!(cache.sparse_bytes.get(), if room == Place::Sparse { zone.bytes() } else { 0 });
            }
            if count.is_multiple_of(97) {
                cache.check_invariants();
                zone.check_invariants();
            }
        }
        assert!(cache.idle.pop().is_some_and(|idle| ptr::eq(idle, zone)), "wholly free");
        assert_eq!(cache.check_invariants().len(), 0);
    }
}

#[test]
fn the_lowest_free_block_of_the_window_comes_next() {
    let cache = Cache::for_test();
    let class = Class::SMALLEST;
    assert!(cache.start_zone(class, Zone::for_test(class, &cache.owner)));
    let zone = cache.current_of(class).expect("a zone");
    let take = || cache.take(10, ptr::null_mut).addr();
    let blocks: Vec<_> = (0..40).map(|_| take()).collect();
    for &index in &[30, 7, 20] {
        assert_eq!(free_own(zone, blocks[index]), Freed::Done);
    }
    // What was freed is there at once, the lowest first; then the next fresh one.
    assert_eq!([take(), take(), take()], [blocks[7], blocks[20], blocks[30]]);
    assert_eq!(take(), zone.block_at(40).addr());
}

#[test]
fn what_others_freed_comes_before_what_nobody_has_had() {
    let cache = Cache::for_test();
    for class in Class::all().filter(|class| !class.has_states()) {
        let zone = Zone::for_test(class, &cache.owner);
        assert!(cache.start_zone(class, zone));
        let take = || cache.take_reclaimed(class, class.block(), |_, _| panic!("no misuse")).0.addr();
        let blocks: Vec<_> = (0..5).map(|_| take()).collect();
        let free = |index| {
            assert!(zone.free_remotely(index));
            post(zone);
        };
        free(1);
        // One that its owner freed does as well, and what others freed may wait.
        assert_eq!(free_own(zone, blocks[3]), Freed::Done);
        assert_eq!(take(), blocks[3]);
        assert_eq!(zone.state_of(1), FREED);
        // Posted once; also what is freed when the zone has been looked at comes back.
        assert_eq!(take(), blocks[1]);
        free(2);
        assert_eq!([take(), take()], [blocks[2], zone.block_at(5).addr()]);
        free(4);
        cache.collect(&mut |_, _| panic!("no misuse"));
        assert!(!zone.is_posted());
        assert_eq!([take(), take()], [blocks[4], zone.block_at(6).addr()]);
        cache.check_invariants();
    }
}

#[test]
fn sizes_lead_to_their_slots() {
    let cache = Cache::for_test();
    for class in Class::all() {
        assert!(cache.start_zone(class, Zone::for_test(class, &cache.owner)));
    }
    for bytes in 0..=crate::size_class::SMALL_MAX {
        let class = Class::of(bytes).expect("a class");
        let zone = cache.current_of(class).expect("a zone");
        let block = cache.take(bytes, || panic!("there are blocks"));
        let Spot::Start(index) = zone.spot(block.addr()) else { panic!("{bytes} bytes from another zone") };
        assert_eq!(zone.requested_of(index), Some(bytes));
        assert_eq!(free_own(zone, block.addr()), Freed::Done);
    }
    for class in Class::all() {
        let zone = cache.current_of(class).expect("a zone");
        let bytes = class.block() - (class.block() / 5).min(MAX_BYTE_SLACK);
        let (block, clean) = cache.take_class(class, bytes);
        let Spot::Start(index) = zone.spot(block.addr()) else { panic!("{bytes} bytes from another zone") };
        assert_eq!(zone.requested_of(index), Some(bytes));
        assert_eq!(clean, index > 0 || class.block() > crate::size_class::SMALL_MAX, "block 0 was used above");
    }
}

#[test]
fn blocks_far_too_long_have_their_exact_size() {
    let cache = Cache::for_test();
    for class in Class::all().filter(|class| class.records(class.block() - 1)) {
        // For an alignment's sake; first the hardened mode's way, which is free to choose, then the other.
        let zone = Zone::for_test(class, &cache.owner);
        assert!(cache.start_zone(class, zone));
        let random = cache.take_random(class, 1, 50).expect("a block").0;
        let zeroed = NonNull::new(cache.take_class(class, 2).0).expect("a block");
        for (start, bytes) in [(random, 1), (zeroed, 2)] {
            assert_eq!(zone.live_at(start.addr().get()).and_then(|index| zone.requested_of(index)), Some(bytes));
            assert_eq!(free_own_sized(zone, start.addr().get(), bytes + 1), Freed::No);
            assert_eq!(free_own(zone, start.addr().get()), Freed::Done);
        }
    }
}

#[test]
fn remote_frees_move_zones_as_own_ones_do() {
    for class in Class::all() {
        let cache = Cache::for_test();
        let (zone, blocks) = full_zone(cache, class);
        let enough = (blocks.len() / 8).max(1);
        let free_remotely = |index: usize| {
            assert!(zone.free_remotely(index));
            post(zone);
        };
        let collect = || cache.collect(&mut |_, _| panic!("no misuse"));
        (0..enough - 1).for_each(free_remotely);
        collect();
        assert_eq!((zone.place(), zone.counted_free()), (Place::Full, enough - 1));
        free_remotely(enough - 1);
        collect();
        assert_eq!((zone.place(), zone.counted_free()), (Place::Available, enough));
        cache.check_invariants();
        // It serves again, and what comes back while it does needs no place.
        assert!(cache.refill(class, &mut |_, _| ()));
        assert_eq!((zone.place(), cache.take_class(class, class.block()).0.addr()), (Place::Current, blocks[0]));
        free_remotely(0);
        collect();
        assert_eq!((zone.place(), zone.free_blocks()), (Place::Current, enough));
        (enough..blocks.len()).for_each(free_remotely);
        cache.retire_current(class);
        collect();
        assert!(cache.idle.pop().is_some_and(|idle| ptr::eq(idle, zone)));
        assert_eq!(zone.free_blocks(), blocks.len());
    }
}

/// All zones of a cache, taken out of it.
fn surrendered(cache: &'static Cache) -> Vec<&'static Zone> {
    let mut zones = Vec::new();
    cache.surrender(|zone| zones.push(zone));
    zones
}

#[test]
fn a_cache_gives_all_its_zones_away() {
    let cache = Cache::for_test();
    let mut zones = BTreeSet::new();
    for class in Class::all() {
        zones.insert(full_zone(cache, class).0.address());
        let (woken, blocks) = full_zone(cache, class);
        let wakes = blocks[..blocks.len() - 1].iter().filter(|&&block| free_own(woken, block) == Freed::Woke);
        wakes.for_each(|_| cache.woken(woken));
        let current = Zone::for_test(class, &cache.owner);
        assert!(cache.start_zone(class, current));
        zones.extend([woken.address(), current.address()]);
    }
    assert_eq!(cache.check_invariants(), zones);
    assert_eq!(surrendered(cache).into_iter().map(Zone::address).collect::<BTreeSet<_>>(), zones);
    assert!(cache.check_invariants().is_empty() && cache.take(1, ptr::null_mut).is_null());
}

#[test]
fn a_cache_forgets_a_vanished_thread() {
    let cache = Cache::for_test();
    let zones: Vec<_> = Class::all().map(|class| full_zone(cache, class).0).collect();
    for zone in zones {
        assert!(cache.start_zone(zone.class(), Zone::for_test(zone.class(), &cache.owner)));
        assert!(zone.free_remotely(0));
        post(zone);
    }
    cache.reset();
    assert!(cache.check_invariants().is_empty() && cache.take(1, ptr::null_mut).is_null());
    cache.owner.open();
    assert!(cache.owner.take_posted().next().is_none());
}

#[test]
fn posts_for_others_are_passed_on() {
    let (cache, other) = (Cache::for_test(), Cache::for_test());
    let (zone, blocks) = full_zone(cache, Class::SMALLEST);
    assert!(zone.free_remotely(0));
    post(zone);
    // It has changed hands since.
    assert!(surrendered(cache).len() == 1 && other.take(1, ptr::null_mut).is_null());
    zone.owner.pass(&other.owner);
    other.place(zone, zone.free_blocks());
    cache.collect(&mut |_, _| panic!("no misuse"));
    assert_eq!((zone.free_blocks(), cache.check_invariants().len()), (0, 0));
    other.collect(&mut |_, _| panic!("no misuse"));
    assert_eq!((zone.counted_free(), zone.block_at(0).addr()), (1, blocks[0]));
    assert_eq!(other.check_invariants().len(), 1);
}

#[test]
fn a_zone_that_was_put_away_serves_nobody_and_goes_when_it_is_free() {
    let cache = Cache::for_test();
    let class = Class::of(32 << 10).expect("a class");
    let zone = Zone::for_test(class, &cache.owner);
    assert!(cache.start_zone(class, zone));
    let blocks: Vec<_> = (0..6).map(|_| cache.take_class(class, class.block()).0.addr()).collect();
    cache.shelve();
    let no_misuse = &mut |_: &'static Zone, _| panic!("no misuse");
    // However many blocks other threads free of it.
    for &block in &blocks[..5] {
        assert!(zone.free_remotely(zone.index_of(block).expect("a block")));
        post(zone);
        assert!(!cache.refill(class, no_misuse) && !cache.scrape(class));
    }
    assert!(surrendered(cache).len() == 1 && zone.settle(zone.free_blocks()) == Some(Place::Full));
    cache.place(zone, 0);
    assert!(zone.free_remotely(zone.index_of(blocks[5]).expect("a block")));
    post(zone);
    cache.collect(no_misuse);
    assert!(cache.idle.pop().is_some_and(|idle| core::ptr::eq(idle, zone)) && cache.idle.first().is_none());
    cache.check_invariants();
}
