//! The child of a fork: other threads stop anywhere, between any two operations, and never go on.

use super::*;

/// Operations after which threads vanish: more than they do.
const STEPS: usize = 40;

/// Runs `goes` in a thread that vanishes, after each number of operations, and `stays` in the one that forks and goes on
/// with its cache; then checks that what was freed is free.
fn vanish(goes: fn(&World), stays: fn(&World), own: usize) {
    for steps in 0..STEPS {
        explore_part(STEPS, Some(1), move |world| {
            let thread = {
                let world = Arc::clone(world);
                spawn(move || {
                    model::vanish_after(steps);
                    goes(&world);
                })
            };
            stays(world);
            thread.join();
            let freed = world.freed();
            world.fork(world.caches[own]);
            drop(world.central());
            world.check_heap(freed);
            // And goes on: posts find their way.
            world.free_again(world.zones[0], 3, world.caches[own]);
            world.check_heap(freed + 1);
        });
    }
}

#[test]
fn threads_that_free_vanish_anywhere() {
    let goes = |world: &World| (0..2).for_each(|k| world.free(0, k, world.caches[1]));
    vanish(goes, |world| world.collect(world.caches[0]), 0);
}

#[test]
fn the_owner_vanishes_anywhere_as_it_collects() {
    let goes = |world: &World| {
        world.collect(world.caches[0]);
        world.free(0, 2, world.caches[0]);
        world.collect(world.caches[0]);
    };
    vanish(goes, |world| (0..2).for_each(|k| world.free(0, k, world.caches[1])), 1);
}

#[test]
fn the_owner_vanishes_anywhere_as_it_ends() {
    vanish(|world| world.end(world.caches[0]), |world| world.free(0, 0, world.caches[1]), 1);
}

#[test]
fn a_child_goes_on_while_another_thread_of_it_takes_in_what_was_left() {
    for steps in 0..STEPS {
        explore_part(STEPS, Some(2), move |world| {
            let own = world.caches[0];
            let gone = {
                let world = Arc::clone(world);
                spawn(move || {
                    model::vanish_after(steps);
                    (0..2).for_each(|k| world.free(0, k, world.caches[1]));
                })
            };
            gone.join();
            let freed = world.freed();
            world.fork(own);
            let other = {
                let world = Arc::clone(world);
                spawn(move || {
                    drop(world.central());
                    world.free(1, 0, world.caches[2]);
                })
            };
            world.collect(own);
            world.free(0, 3, own);
            world.collect(own);
            other.join();
            world.check_heap(freed + 2);
        });
    }
}

#[test]
fn what_a_child_frees_is_found_when_another_thread_has_taken_in_what_was_left() {
    explore(Some(3), |world| {
        let own = world.caches[2];
        // A thread that vanishes frees a block of another one that does, and has it posted.
        world.free(0, 0, world.caches[1]);
        world.fork(own);
        let other = {
            let world = Arc::clone(world);
            spawn(move || drop(world.central()))
        };
        world.free(0, 1, own);
        other.join();
        world.check(2, 2);
    });
}

#[test]
fn to_whom_no_orphans_are_left_they_are_centrals() {
    explore(None, |world| {
        world.fork(world.caches[1]);
        let other = {
            let world = Arc::clone(world);
            spawn(move || drop(world.central()))
        };
        if !world.orphans.are_left() {
            assert!(world.zones.iter().all(|zone| zone.owner.is(world.owner)));
        }
        other.join();
        assert!(!world.orphans.are_left());
    });
}
