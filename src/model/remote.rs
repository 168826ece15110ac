//! Blocks freed by other threads, and how they come back to the owner.

use super::*;

#[test]
fn what_two_threads_free_comes_back_once() {
    explore(Some(2), |world| {
        let threads = [1, 2].map(|k| {
            let world = Arc::clone(world);
            spawn(move || world.free(0, k, world.caches[k]))
        });
        world.collect(world.caches[0]);
        threads.into_iter().for_each(Thread::join);
        world.check(2, 2);
    });
}

#[test]
fn a_zone_is_posted_again_for_what_was_not_seen() {
    explore(Some(3), |world| {
        let thread = {
            let world = Arc::clone(world);
            spawn(move || (0..3).for_each(|k| world.free(0, k, world.caches[1])))
        };
        world.collect(world.caches[0]);
        world.collect(world.caches[0]);
        thread.join();
        world.check(3, 3);
    });
}

#[test]
fn a_block_collected_is_done_with_when_it_is_used_again() {
    explore(Some(3), |world| {
        let thread = {
            let world = Arc::clone(world);
            spawn(move || (0..2).for_each(|k| world.free(0, k, world.caches[1])))
        };
        let own = world.caches[0];
        // Takes what there is; what is not there yet comes in the end.
        let taken = usize::from(world.alloc(own).is_some()) + usize::from(world.alloc(own).is_some());
        thread.join();
        own.retire_current(class());
        world.settle();
        let free: usize = world.zones.iter().map(|zone| zone.free_blocks()).sum();
        assert_eq!((free + taken, world.accepted.load(Relaxed), world.reported.load(Relaxed)), (2, 2, 0));
    });
}

#[test]
fn a_block_reclaimed_is_done_with_when_it_is_used_again() {
    explore(Some(3), |world| {
        let own = world.caches[0];
        // The zone is current, and its window empty.
        world.free(0, 0, own);
        assert!(own.scrape(class()) && world.alloc_reclaimed(own).is_some());
        let thread = {
            let world = Arc::clone(world);
            spawn(move || (1..3).for_each(|k| world.free(0, k, world.caches[1])))
        };
        let taken = 1 + usize::from(world.alloc_reclaimed(own).is_some());
        // What is still in the inbox does no harm.
        let taken = taken + usize::from(world.alloc(own).is_some());
        thread.join();
        own.retire_current(class());
        world.settle();
        let free: usize = world.zones.iter().map(|zone| zone.free_blocks()).sum();
        assert_eq!((free + taken, world.accepted.load(Relaxed), world.reported.load(Relaxed)), (3, 3, 0));
    });
}

#[test]
fn of_two_frees_of_a_block_at_the_same_moment_one_is_reported() {
    explore(Some(2), |world| {
        let threads = [1, 2].map(|k| {
            let world = Arc::clone(world);
            spawn(move || world.free_again(world.zones[0], 1, world.caches[k]))
        });
        world.collect(world.caches[0]);
        threads.into_iter().for_each(Thread::join);
        world.check(1, 2);
    });
}

#[test]
fn of_a_free_by_the_owner_and_one_elsewhere_one_is_reported() {
    explore(None, |world| {
        let thread = {
            let world = Arc::clone(world);
            spawn(move || world.free_again(world.zones[0], 1, world.caches[1]))
        };
        world.free_again(world.zones[0], 1, world.caches[0]);
        world.collect(world.caches[0]);
        thread.join();
        world.check(1, 2);
    });
}

/// A signal from thread to thread.
struct Signal(checker::sync::atomic::AtomicBool);

impl Signal {
    /// Not given.
    fn new() -> Arc<Self> {
        Arc::new(Self(checker::sync::atomic::AtomicBool::new(false)))
    }

    /// Gives it.
    fn give(&self) {
        self.0.store(true, core::sync::atomic::Ordering::Release);
    }

    /// Whether it was given; then what was done before it is done.
    fn is_given(&self) -> bool {
        self.0.load(core::sync::atomic::Ordering::Acquire)
    }
}

#[test]
fn a_free_after_another_one_is_reported_at_the_call() {
    explore(Some(2), |world| {
        let signal = Signal::new();
        let first = {
            let (world, signal) = (Arc::clone(world), Arc::clone(&signal));
            spawn(move || {
                world.free(0, 1, world.caches[1]);
                signal.give();
            })
        };
        let second = {
            let world = Arc::clone(world);
            spawn(move || {
                if signal.is_given() {
                    let before = world.reported.load(Relaxed);
                    world.free_again(world.zones[0], 1, world.caches[2]);
                    assert!(world.reported.load(Relaxed) > before, "not at the call");
                } else {
                    world.reported.fetch_add(1, Relaxed);
                }
            })
        };
        world.collect(world.caches[0]);
        [first, second].into_iter().for_each(Thread::join);
        world.check(1, 2);
    });
}

#[test]
fn the_owner_sees_at_the_call_what_was_freed_elsewhere_before() {
    explore(None, |world| {
        let signal = Signal::new();
        let thread = {
            let (world, signal) = (Arc::clone(world), Arc::clone(&signal));
            spawn(move || {
                world.free(0, 1, world.caches[1]);
                signal.give();
            })
        };
        if signal.is_given() {
            world.free_again(world.zones[0], 1, world.caches[0]);
            assert_eq!(world.reported.load(Relaxed), 1, "not at the call");
        } else {
            world.reported.fetch_add(1, Relaxed);
        }
        thread.join();
        world.check(1, 2);
    });
}

#[test]
fn zones_posted_at_the_same_moment_are_all_found() {
    explore(Some(2), |world| {
        let threads = [1, 2].map(|k| {
            let world = Arc::clone(world);
            spawn(move || world.free(k - 1, 0, world.caches[k]))
        });
        world.collect(world.caches[0]);
        threads.into_iter().for_each(Thread::join);
        world.check(2, 2);
    });
}
