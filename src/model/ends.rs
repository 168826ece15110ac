//! Threads that end, zones that change hands, and zones that are given back, while posts are under way.

use super::*;
use crate::made::Made;
use crate::sync::RelaxedU64;

#[test]
fn what_is_freed_while_the_owner_ends_reaches_central() {
    explore(Some(3), |world| {
        let thread = {
            let world = Arc::clone(world);
            spawn(move || (0..2).for_each(|k| world.free(0, k, world.caches[1])))
        };
        world.end(world.caches[0]);
        thread.join();
        world.check(2, 2);
    });
}

#[test]
fn what_two_threads_free_while_the_owner_ends_reaches_central() {
    explore(Some(1), |world| {
        let threads = [1, 2].map(|k| {
            let world = Arc::clone(world);
            spawn(move || world.free(0, k, world.caches[k]))
        });
        world.end(world.caches[0]);
        threads.into_iter().for_each(Thread::join);
        world.check(2, 2);
    });
}

#[test]
fn a_cache_goes_to_a_new_thread_and_its_zones_to_another() {
    explore(Some(2), |world| {
        let free = {
            let world = Arc::clone(world);
            spawn(move || (0..2).for_each(|k| world.free(0, k, world.caches[2])))
        };
        let adopt = {
            let world = Arc::clone(world);
            spawn(move || {
                world.collect_central();
                let own = world.caches[1];
                let adopted = world.central.lock().take(class(), &own.owner);
                if let Some(zone) = adopted {
                    own.start_zone(class(), zone);
                    own.retire_current(class());
                }
                // The ended thread's cache, open again.
                let unparked = world.central.lock().unpark();
                if let Some(cache) = unparked {
                    world.central.lock().admit(cache);
                    world.collect(cache);
                }
            })
        };
        world.end(world.caches[0]);
        [free, adopt].into_iter().for_each(Thread::join);
        world.check(2, 2);
    });
}

#[test]
fn the_mark_of_a_shared_zone_stays_when_it_changes_hands() {
    explore(None, |world| {
        let thread = {
            let world = Arc::clone(world);
            spawn(move || world.free(0, 1, world.caches[1]))
        };
        world.end(world.caches[0]);
        thread.join();
        let own = world.caches[2];
        let [zone, _] = world.zones;
        // Taken before central has collected anything.
        zone.owner.pass(&own.owner);
        assert!(zone.owner.is_shared());
        world.free_again(zone, 1, own);
        assert_eq!(world.reported.load(Relaxed), 1);
    });
}

/// Gives a zone without live blocks back, as `heap::slow::retire` does; of its memory a new zone is made.
fn retire_and_cut(world: &World, zone: &'static Zone, taker: &'static Cache) {
    zone.owner.set(world.nobody);
    // The page heap's mutex is between these two: not needed for what follows.
    zone.set_role(Role::Free);
    let (chunk, _) = zone.chunk().expect("a chunk");
    zone.states().iter().for_each(|state| state.set(FRESH));
    zone.cut(class(), chunk, false, &taker.owner);
    zone.set_role(Role::Blocks);
}

#[test]
fn a_post_for_a_zone_that_was_given_back_serves_the_next_one() {
    explore(Some(2), |world| {
        let [zone, other] = world.zones;
        // All but two blocks are free; the owner frees none itself.
        (2..zone.states().len()).for_each(|k| world.free_again(zone, k, world.caches[0]));
        world.accepted.store(0, Relaxed);
        let signal = Arc::new(checker::sync::atomic::AtomicBool::new(false));
        let threads = [0, 1].map(|k| {
            let (world, signal) = (Arc::clone(world), Arc::clone(&signal));
            spawn(move || {
                world.free(0, k, world.caches[2]);
                // A block of the zone that was made of the same memory since.
                if k == 1 && signal.load(core::sync::atomic::Ordering::Acquire) {
                    world.free_again(world.zones[0], 0, world.caches[2]);
                }
            })
        });
        let own = world.caches[0];
        world.collect(own);
        let retired = zone.free_blocks() == zone.states().len();
        if retired {
            own.surrender(|_| ());
            retire_and_cut(world, zone, world.caches[1]);
            zone.fill();
            world.caches[1].place(zone, 0);
            own.place(other, 0);
            signal.store(true, core::sync::atomic::Ordering::Release);
        }
        world.collect_central();
        threads.into_iter().for_each(Thread::join);
        // Two of the zone that is no more.
        let again = world.accepted.fetch_sub(2, Relaxed) - 2;
        if retired {
            world.check(again, again);
        } else {
            world.settle();
            assert_eq!(zone.free_blocks(), zone.states().len());
        }
    });
}

/// Two threads want the thread key first: one makes it, and who has it finds it in libc's table.
#[test]
fn a_thread_that_has_the_key_finds_it_made() {
    explore(None, |_| {
        let key = Arc::new((Made::new(), RelaxedU64::new(0)));
        key.0.watch();
        model::watch_alone(&key.1);
        let start = |key: &(Made, RelaxedU64)| {
            let made = key.0.make(|| {
                assert_eq!(key.1.get(), 0, "made once");
                key.1.set(7);
                Some(3)
            });
            let found = key.0.get();
            assert!(found == Some(3) || found.is_none() && !made);
            assert!(found.is_none() || key.1.get() == 7);
        };
        let other = {
            let key = Arc::clone(&key);
            spawn(move || start(&key))
        };
        start(&key);
        other.join();
    });
}
