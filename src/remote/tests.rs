//! Tests of frees that cross threads.

use super::*;
use crate::size_class::{Class, FREED, LIVE};

#[cfg(any(loom, shuttle))]
impl Owner {
    /// Has a model checker keep the inbox.
    pub(crate) fn watch(&self) {
        crate::sync::model::watch(&self.inbox);
    }
}

#[cfg(any(loom, shuttle))]
impl OwnerLink {
    /// Has a model checker keep the cell.
    pub(crate) fn watch(&self) {
        crate::sync::model::watch(&self.0);
    }
}

/// A zone of 64-byte blocks, all of them live.
fn full_zone(owner: &'static Owner) -> &'static Zone {
    let zone = Zone::for_test(Class::of(64).expect("a class"), owner);
    zone.fill();
    zone
}

/// An owner for one test.
fn owner() -> &'static Owner {
    Box::leak(Box::new(Owner::new()))
}

/// Frees blocks of a zone from elsewhere.
fn free(zone: &'static Zone, blocks: impl IntoIterator<Item = usize>) {
    for index in blocks {
        assert!(zone.free_remotely(index));
        post(zone);
    }
}

/// Takes what was posted to an owner: zones of its own are collected, the others are posted on. Returns the blocks.
fn collect(owner: &'static Owner) -> usize {
    let mut count = 0;
    for zone in owner.take_posted() {
        if zone.owner.is(owner) {
            count += zone.collect(|_| panic!("nothing was freed twice"));
        } else {
            post(zone);
        }
    }
    count
}

#[test]
fn a_zone_is_posted_once_however_much_is_freed() {
    let owner = owner();
    let zone = full_zone(owner);
    free(zone, 0..1000);
    assert_eq!(owner.take_posted().count(), 1);
    // Taken, so that the next one posts it again.
    free(zone, [1000, 1001]);
    assert_eq!(owner.take_posted().count(), 1);
    assert_eq!(zone.collect(|_| ()), 1002);
    free(zone, [1002]);
    assert_eq!(collect(owner), 1);
}

#[test]
fn inboxes_hold_zones_of_many() {
    let owner = owner();
    let zones: Vec<_> = (0..20).map(|_| full_zone(owner)).collect();
    for &zone in zones.iter().chain(&zones) {
        free(zone, [if zone.states()[5].get() == FREED { 6 } else { 5 }]);
    }
    assert_eq!(collect(owner), 40);
    assert_eq!(collect(owner), 0);
}

#[test]
fn a_post_finds_the_owner_of_the_moment() {
    let (first, second) = (owner(), owner());
    let zone = full_zone(first);
    // Posted before the zone changes hands, and again after.
    free(zone, [1]);
    zone.owner.pass(second);
    free(zone, [100]);
    assert_eq!(collect(second), 0);
    assert_eq!(collect(first), 0);
    assert_eq!(collect(second), 2);
    // There and back.
    free(zone, [200]);
    zone.owner.pass(first);
    assert_eq!(collect(second), 0);
    zone.owner.pass(second);
    assert_eq!(collect(first), 0);
    assert_eq!(collect(second), 1);
}

#[test]
fn a_block_freed_after_the_zone_was_taken_posts_again() {
    let owner = owner();
    let zone = full_zone(owner);
    free(zone, [1]);
    let mut posted = owner.take_posted();
    assert!(posted.next().is_some_and(|next| core::ptr::eq(next, zone)));
    free(zone, [100]);
    assert_eq!(zone.collect(|_| ()), 2);
    assert!(posted.next().is_none());
    // The second post is for nothing, but it is there.
    assert_eq!(owner.take_posted().count(), 1);
    free(zone, [1 + 1]);
    assert_eq!(collect(owner), 1);
}

#[test]
fn what_a_closed_inbox_held_reaches_the_next_owner() {
    let (first, second) = (owner(), owner());
    let zone = full_zone(first);
    free(zone, [1]);
    zone.owner.pass(second);
    first.close().for_each(post);
    assert_eq!(collect(second), 1);
    // Closed: nothing gets in, whoever reads the old owner waits for the new one.
    assert!(!first.push(zone));
    first.open();
    zone.owner.pass(first);
    free(zone, [2]);
    assert_eq!(collect(first), 1);
}

#[test]
fn the_mark_stays_when_a_zone_changes_hands() {
    let (first, second) = (owner(), owner());
    let zone = full_zone(first);
    assert!(zone.owner.is_alone(first) && !zone.owner.is_alone(second) && !zone.owner.is_shared());
    free(zone, [1]);
    assert!(zone.owner.is_shared() && zone.owner.is(first) && !zone.owner.is_alone(first));
    zone.owner.pass(second);
    assert!(
        zone.owner.is_shared() && zone.owner.is(second) && zone.owner.get().is_some_and(|o| core::ptr::eq(o, second))
    );
    // Without live blocks it is nobody's secret any more.
    zone.owner.set(first);
    assert!(zone.owner.is_alone(first) && !zone.owner.is_shared());
    zone.owner.pass(second);
    assert!(zone.owner.is_alone(second));
}

#[test]
fn of_two_frees_at_the_same_moment_one_is_told() {
    for _ in 0..200 {
        let zone = full_zone(owner());
        let wins = std::thread::scope(|scope| {
            let free =
                |_| scope.spawn(|| zone.states().iter().enumerate().filter(|&(k, _)| zone.free_remotely(k)).count());
            [free(0), free(1)].map(|thread| thread.join().expect("no panic")).iter().sum::<usize>()
        });
        assert_eq!(wins, zone.states().len());
        assert!(zone.states().iter().all(|state| state.get() == FREED));
    }
}

#[test]
fn of_a_free_by_the_owner_and_one_elsewhere_one_is_told() {
    let zone = full_zone(owner());
    // Both have found it live.
    zone.words()[0].set(0b100);
    free(zone, [2, 3]);
    let mut told = Vec::new();
    assert_eq!(zone.collect(|index| told.push(index)), 1);
    assert_eq!((told, zone.words()[0].get()), (vec![2], 0b1100));
    assert!([2, 3].iter().all(|&index| zone.state_of(index) == LIVE && !zone.is_live(index)));
}

#[test]
fn nothing_is_lost_between_threads() {
    for round in 0..20 {
        let zone = full_zone(owner());
        let blocks = zone.states().len();
        // Three threads free every third block each; the zone changes hands all the time.
        let collected: usize = std::thread::scope(|scope| {
            for third in 0..3 {
                scope.spawn(move || {
                    for index in (third..blocks).step_by(3) {
                        free(zone, [index]);
                        if index % (7 + round) == 0 {
                            std::thread::yield_now();
                        }
                    }
                });
            }
            let central = owner();
            let (mut now, mut collected) = (zone.owner.get().expect("an owner"), 0);
            while collected < blocks {
                collected += collect(now);
                // As at the end of a thread …
                zone.owner.pass(central);
                now.close().for_each(post);
                collected += collect(central);
                // … and when another one takes the zone.
                now = if collected % 2 == 0 { now } else { owner() };
                now.open();
                zone.owner.pass(now);
                collected += collect(central);
            }
            collected
        });
        assert_eq!((collected, zone.free_blocks()), (blocks, blocks));
    }
}
