//! Blocks of which two threads change the state at the same moment: `realloc` in place, the quarantine of the hardened mode,
//! and blocks between guard pages.

use core::cell::Cell;

use super::*;
use crate::meta::Meta;
use crate::os::mock::Mock;
use crate::sampled::Sampled;
use crate::size_class::LIVE;

/// A zone of live SMALL blocks, whose state bytes have the slack; made once.
fn small_zone() -> impl Fn() -> &'static Zone + Send + Sync {
    static OWNER: Owner = Owner::new();
    let zone = Zone::for_test(Class::of(1024).expect("a class"), &OWNER);
    move || {
        zone.fill();
        zone.watch(0..BLOCKS);
        zone
    }
}

/// Has a block freed while `resize` notes another size of it: the mark of a free that came first stays.
fn resize_beside_free(resize: fn(&Zone) -> bool) {
    let new_zone = small_zone();
    explore(None, move |_| {
        let zone = new_zone();
        let free = Arc::new(AtomicUsize::new(0));
        let thread = {
            let free = Arc::clone(&free);
            spawn(move || free.store(usize::from(zone.free_remotely(1)), Relaxed))
        };
        let is_resized = resize(zone);
        thread.join();
        let is_freed = free.load(Relaxed) == 1;
        assert!(is_freed || is_resized, "one of both is done");
        let state = zone.state_of(1);
        assert_eq!(state == FREED, is_freed);
        assert!(is_freed || state == LIVE + 24);
    });
}

#[test]
fn a_small_block_that_is_resized_as_it_is_freed_is_free() {
    resize_beside_free(|zone| zone.resize_small(1, 1000));
}

#[test]
fn a_block_that_is_resized_as_it_is_freed_is_free() {
    resize_beside_free(|zone| zone.set_requested(1, 1000));
}

#[test]
fn of_two_frees_one_takes_a_block_into_quarantine() {
    let new_zone = small_zone();
    explore(None, move |_| {
        let zone = new_zone();
        let taken = Arc::new(AtomicUsize::new(0));
        let free = |taken: &AtomicUsize| {
            if zone.quarantine(1).is_some() {
                taken.fetch_add(1, Relaxed);
            }
        };
        let thread = {
            let taken = Arc::clone(&taken);
            spawn(move || free(&taken))
        };
        free(&taken);
        thread.join();
        assert_eq!(taken.load(Relaxed), 1);
    });
}

/// A pool of blocks between guard pages, and the OS below it.
#[derive(Clone, Copy)]
struct Pool {
    /// The pool.
    sampled: &'static Sampled,
    /// The OS.
    os: &'static Mock,
}

// SAFETY: the checkers run one thread at a time.
unsafe impl Sync for Pool {}
// SAFETY: as above.
unsafe impl Send for Pool {}

impl Pool {
    /// An open pool.
    fn new() -> Self {
        let (sampled, os) = (Box::leak(Box::new(Sampled::new())), Box::leak(Box::new(Mock::unlimited())));
        assert!(sampled.open(os, Box::leak(Box::new(Mutex::new(Meta::new())))));
        Self { sampled, os }
    }

    /// Takes a block of 100 bytes.
    fn take(&self) {
        assert!(self.sampled.take(self.os, &Cell::new(1), 100, 16).is_some());
    }

    /// Frees the block that there is; whether this call did.
    fn give(&self) -> bool {
        self.sampled.next(0).is_some_and(|slot| self.sampled.give(self.os, slot).is_some())
    }
}

#[test]
fn a_sampled_block_is_seen_as_it_was_taken() {
    let pool = Pool::new();
    explore(None, move |_| {
        let next = pool.sampled.watch_next();
        let thread = spawn(move || pool.take());
        if next.is_known() {
            assert!(!next.start().is_null() && next.requested() == 100);
        }
        if let Some(slot) = pool.sampled.next(0) {
            assert!(!slot.start().is_null() && slot.requested() == 100);
        }
        thread.join();
        assert!(pool.give());
    });
}

#[test]
fn of_two_frees_one_ends_a_sampled_block() {
    let pool = Pool::new();
    explore(None, move |_| {
        pool.sampled.watch_next();
        pool.take();
        let given = Arc::new(AtomicUsize::new(0));
        let thread = {
            let given = Arc::clone(&given);
            spawn(move || {
                given.fetch_add(usize::from(pool.give()), Relaxed);
            })
        };
        given.fetch_add(usize::from(pool.give()), Relaxed);
        thread.join();
        assert_eq!(given.load(Relaxed), 1);
    });
}
