//! Tests of the child of a fork: what other threads had when they vanished.

use std::sync::{Mutex, mpsc};
use std::thread::{park, spawn};

use super::model::Known;
use super::sharing::{Pool, block, check_and_clear, work};
use super::*;
use crate::os::mock::Random;
use crate::remote::post;

/// Starts a thread that does `body` and then nothing for ever; returns when it is done.
fn park_after(body: impl FnOnce() + Send + 'static) {
    let (sender, receiver) = mpsc::channel();
    spawn(move || {
        body();
        sender.send(()).expect("somebody waits");
        loop {
            park();
        }
    });
    receiver.recv().expect("a signal");
}

#[test]
fn a_child_takes_in_what_vanished_threads_had() {
    alone!(a_child_takes_in_what_vanished_threads_had, "on_error=abort", || {
        let pool: &'static Pool = Box::leak(Box::default());
        work(99, 2000, pool);
        for seed in 0..3 {
            park_after(move || {
                let (mut random, mut own) = (Random::new(seed), Vec::new());
                work(seed, 3000, pool);
                own.extend((0..500).map(|_| block(&mut random)));
                own.drain(..250).for_each(Known::free);
                // And one of another thread.
                let taken = pool.lock().expect("no panic").pop();
                taken.into_iter().for_each(Known::free);
                pool.lock().expect("no panic").append(&mut own);
            });
        }
        threads::lose_other_threads();
        let pool = core::mem::take(&mut *pool.lock().expect("no panic"));
        check_heap();
        check_and_clear(Mutex::new(pool));
    });
}

#[test]
fn a_child_is_not_confused_by_posts_on_their_way() {
    alone!(a_child_is_not_confused_by_posts_on_their_way, "on_error=abort", || {
        let own_block = Known::new(alloc(40), 40, 1, 1);
        let others: Vec<_> = (0..100).map(|_| Known::new(alloc(40), 40, 1, 1)).collect();
        let Ok(Block::Zone(zone, _)) = Block::at(own_block.start) else { panic!("no zone") };
        park_after(move || {
            // A thread with a cache: it leaves something to be taken in.
            alloc(1);
            others.into_iter().for_each(Known::free);
        });
        // As if the thread had read the owner before this thread took the zone from central.
        let own = thread::own().expect("a cache");
        own.collect(&mut |_, _| ());
        zone.owner.pass(&HEAP.owner);
        post(zone);
        zone.owner.pass(&own.owner);
        threads::lose_other_threads();
        check_heap();
        let again: Vec<_> = (0..2000).map(|_| Known::new(alloc(40), 40, 1, 1)).collect();
        again.into_iter().for_each(Known::free);
        own_block.free();
        let left = walk();
        assert_eq!(left.len(), 1, "the vanished thread's block");
        check_heap();
    });
}

#[test]
fn a_child_finds_what_a_vanished_thread_had_no_time_to_post() {
    alone!(a_child_finds_what_a_vanished_thread_had_no_time_to_post, "on_error=abort", || {
        let [kept, freed] = [1, 2].map(|fill| Known::new(alloc(40), 40, 1, fill));
        park_after(|| {
            // A thread with a cache: it leaves something to be taken in.
            alloc(1);
        });
        let Ok(Block::Zone(zone, index)) = Block::at(freed.start) else { panic!("no zone") };
        // As if it had been stopped between the mark and the post.
        assert!(zone.free_remotely(index));
        threads::lose_other_threads();
        // Nothing waits that nobody would collect.
        check_heap();
        kept.free();
    });
}

#[test]
fn another_thread_of_a_child_leaves_the_zones_of_the_one_that_forked() {
    alone!(another_thread_of_a_child_leaves_the_zones_of_the_one_that_forked, "on_error=abort", || {
        let own: Vec<_> = (0..100).map(|_| Known::new(alloc(40), 40, 1, 1)).collect();
        // A thread with a cache: it leaves something to be taken in.
        park_after(|| assert!(!alloc(1).is_null()));
        threads::lose_other_threads();
        // The first of the child's to visit central.
        let other = spawn(|| Known::new(alloc(40), 40, 1, 2)).join().expect("no panic");
        assert!(!HEAP.orphans.are_left());
        let zone_of = |known: &Known| MAP.find(known.start.addr().get()).expect("a zone");
        let cache = thread::own().expect("a cache");
        assert!(own.iter().all(|known| zone_of(known).owner.is(&cache.owner)), "still this thread's");
        assert!(own.iter().all(|known| !core::ptr::eq(zone_of(known), zone_of(&other))), "and nobody else's");
        check_heap();
        own.into_iter().chain([other]).for_each(Known::free);
    });
}

#[test]
fn a_child_takes_in_before_it_frees_what_was_anothers() {
    alone!(a_child_takes_in_before_it_frees_what_was_anothers, "on_error=abort", || {
        let theirs: &'static Mutex<Option<Known>> = Box::leak(Box::default());
        alloc(40);
        park_after(|| *theirs.lock().expect("no panic") = Some(Known::new(alloc(40), 40, 1, 1)));
        threads::lose_other_threads();
        assert!(HEAP.orphans.are_left());
        theirs.lock().expect("no panic").take().expect("a block").free();
        assert!(!HEAP.orphans.are_left());
        check_heap();
    });
}

#[test]
fn threads_without_a_cache_may_vanish_too() {
    alone!(threads_without_a_cache_may_vanish_too, "on_error=abort", || {
        let [kept, freed, late] = [1, 2, 3].map(|fill| Known::new(alloc(40), 40, 1, fill));
        let Ok(Block::Zone(zone, index)) = Block::at(late.start) else { panic!("no zone") };
        park_after(move || {
            freed.free();
            assert!(thread::own().is_none());
        });
        thread::own().expect("a cache").collect(&mut |_, _| ());
        // As if it had been stopped between mark and push: nobody would post the zone any more.
        zone.posted.store(1, Relaxed);
        assert!(zone.free_remotely(index));
        threads::lose_other_threads();
        check_heap();
        thread::own().expect("a cache").collect(&mut |_, _| ());
        assert!(zone.is_free(index), "found and collected");
        kept.free();
    });
}

#[test]
fn what_was_in_an_inbox_is_forgotten_and_found_again() {
    alone!(what_was_in_an_inbox_is_forgotten_and_found_again, "on_error=abort", || {
        let [kept, freed] = [1, 2].map(|fill| Known::new(alloc(40), 40, 1, fill));
        let Ok(Block::Zone(zone, index)) = Block::at(freed.start) else { panic!("no zone") };
        park_after(move || {
            assert!(!alloc(1).is_null());
            freed.free();
        });
        // As if its page had been copied for the child before the link was written.
        zone.next_posted.set(Some(zone));
        threads::lose_other_threads();
        let cache = thread::own().expect("a cache");
        assert_eq!(cache.owner.take_posted().take(2).count(), 0, "nothing is posted any more");
        check_heap();
        cache.collect(&mut |_, _| ());
        assert!(zone.is_free(index), "found again");
        kept.free();
    });
}
