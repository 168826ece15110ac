//! Tests with several threads: blocks that others free, threads that end.

use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, mpsc};
use std::thread::{scope, spawn, yield_now};

use super::model::Known;
use super::*;
use crate::os::mock::Random;
use crate::remote::post;
use crate::size_class::{Class, MEDIUM_MAX};

/// Blocks on their way between threads.
pub(super) type Pool = Mutex<Vec<Known>>;

/// A new block of a random size.
pub(super) fn block(random: &mut Random) -> Known {
    let bytes = match random.below(20) {
        0..10 => random.below(129),
        10..16 => random.below(1025),
        16..19 => random.below(MEDIUM_MAX + 1),
        _ => random.below(300_000),
    };
    let fill = crate::ptr::low8(random.below(256));
    match random.below(8) {
        0 => Known::new(alloc_zeroed(bytes), bytes, 1, fill),
        1 => {
            let align = 1 << random.below(13);
            Known::new(alloc_aligned(align, bytes), bytes, align, fill)
        }
        _ => Known::new(alloc(bytes), bytes, 1, fill),
    }
}

/// Allocates, resizes, frees, and passes blocks on through the pool, which has blocks of all threads.
pub(super) fn work(seed: usize, steps: usize, pool: &Pool) {
    let (mut random, mut own) = (Random::new(seed), Vec::new());
    for _ in 0..steps {
        match random.below(8) {
            0..3 => own.push(block(&mut random)),
            3 => pool.lock().expect("no panic").push(block(&mut random)),
            4..6 if !own.is_empty() => own.swap_remove(random.below(own.len())).free(),
            6 if !own.is_empty() => {
                let nth = random.below(own.len());
                own[nth].resize(1 + random.below(2000));
            }
            _ => {
                let taken = {
                    let mut pool = pool.lock().expect("no panic");
                    let nth = random.below(pool.len().max(1));
                    if nth < pool.len() { Some(pool.swap_remove(nth)) } else { None }
                };
                match taken {
                    Some(known) if random.below(4) == 0 => own.push(known),
                    Some(known) => known.free(),
                    None => {}
                }
            }
        }
    }
    let keep = own.len() / 2;
    own.drain(keep..).for_each(Known::free);
    pool.lock().expect("no panic").append(&mut own);
}

/// Runs two threads at the same time, to their very end.
pub(super) fn both(one: impl FnOnce() + Send, other: impl FnOnce() + Send) {
    // A scope alone does not wait for destructors of thread keys.
    scope(|scope| {
        let (one, other) = (scope.spawn(one), scope.spawn(other));
        one.join().expect("no panic");
        other.join().expect("no panic");
    });
}

/// The walk finds exactly these blocks; when they are freed, nothing is left.
pub(super) fn check_and_clear(pool: Pool) {
    let mut blocks = pool.into_inner().expect("no panic");
    blocks.sort_by_key(|known| known.start);
    let expected: Vec<_> = blocks.iter().map(|known| (known.start.addr().get(), known.requested)).collect();
    assert_eq!(walk(), expected);
    check_heap();
    blocks.into_iter().for_each(Known::free);
    assert_eq!(walk(), []);
    check_heap();
    trim(0);
    check_heap();
    assert_eq!(HEAP.pages.lock().in_use, 0, "nothing is lost");
}

#[test]
fn blocks_pass_between_threads() {
    alone!(blocks_pass_between_threads, "on_error=abort,purge_delay=1", || {
        free(alloc(1), Call::Free);
        let (pool, done) = (Pool::default(), AtomicBool::new(false));
        scope(|scope| {
            let workers: Vec<_> = (0..4)
                .map(|seed| {
                    let pool = &pool;
                    scope.spawn(move || work(seed, 20_000, pool))
                })
                .collect();
            // Reports read the heap meanwhile.
            scope.spawn(|| {
                while !done.load(Relaxed) {
                    assert!(walk().is_sorted());
                    assert!(totals().is_some());
                    trim(0);
                }
            });
            for worker in workers {
                worker.join().expect("no panic");
            }
            done.store(true, Relaxed);
        });
        check_and_clear(pool);
    });
}

#[test]
fn threads_that_end_leave_their_zones_to_others() {
    alone!(threads_that_end_leave_their_zones_to_others, "on_error=abort", || {
        // The library's constructor makes the key by which threads leave. Without it, the other of two threads that are
        // the first may end before the one has made it.
        free(alloc(1), Call::Free);
        let (pool, mut peak) = (Pool::default(), 0);
        for seed in 0..400 {
            both(|| work(2 * seed, 100, &pool), || work(2 * seed + 1, 100, &pool));
            // Blocks stay few, so the zones must.
            let mut live = pool.lock().expect("no panic");
            while live.len() > 100 {
                live.swap_remove(seed % 100).free();
            }
            let in_use = HEAP.pages.lock().in_use;
            if seed >= 100 && peak == 0 {
                peak = in_use;
            }
            assert!(seed < 100 || in_use < 2 * peak, "{in_use} granules after {seed} rounds, {peak} after 100");
        }
        check_and_clear(pool);
    });
}

#[test]
fn a_thread_goes_on_in_the_zone_that_another_one_left() {
    alone!(a_thread_goes_on_in_the_zone_that_another_one_left, "on_error=abort", || {
        let zone_of = |known: &Known| MAP.find(known.start.addr().get()).expect("a zone").address();
        let block = || spawn(|| Known::new(alloc(48), 48, 1, 1)).join().expect("no panic");
        let (first, second) = (block(), block());
        assert_eq!(zone_of(&first), zone_of(&second));
        first.free();
        second.free();
        check_heap();
    });
}

#[test]
fn a_thread_may_end_while_others_free_its_blocks() {
    alone!(a_thread_may_end_while_others_free_its_blocks, "on_error=abort", || {
        for round in 0..400 {
            let (sender, receiver) = mpsc::channel::<Vec<Known>>();
            let make = move || {
                // Two words of a zone in every class.
                let block = |class: Class| Known::new(alloc(class.block()), class.block(), 1, 1);
                let made = Class::all().take(20).flat_map(|class| (0..66).map(move |_| block(class))).collect();
                sender.send(made).expect("a thread");
            };
            // From the end, since zones without a thread come to central one after the other.
            let free = move || receiver.into_iter().for_each(|made| made.into_iter().rev().for_each(Known::free));
            both(make, free);
            trim(0);
            assert_eq!(HEAP.pages.lock().in_use, 0, "a zone was forgotten in round {round}");
        }
        check_heap();
    });
}

#[test]
fn what_waits_for_the_next_thread_goes_when_memory_ends() {
    alone!(what_waits_for_the_next_thread_goes_when_memory_ends, "on_error=abort", || {
        let work = || (1..=1024).for_each(|bytes| Known::new(alloc(bytes), bytes, 1, 1).free());
        spawn(work).join().expect("no panic");
        let (spare, in_use) = (threads::central().spare().count(), HEAP.pages.lock().in_use);
        assert_eq!(spare, 20);
        // The next one needs no more, and leaves no less.
        spawn(work).join().expect("no panic");
        assert_eq!((threads::central().spare().count(), HEAP.pages.lock().in_use), (spare, in_use));
        slow::give_up(None);
        assert_eq!((threads::central().spare().count(), HEAP.pages.lock().in_use), (0, 0));
        check_heap();
    });
}

/// Zones that wait for the next thread when one has ended that had a block.
fn spare_after_a_thread() -> usize {
    spawn(|| Known::new(alloc(40), 40, 1, 1).free()).join().expect("no panic");
    threads::central().spare().count()
}

#[test]
fn nothing_waits_where_free_memory_goes_back_at_once() {
    alone!(nothing_waits_where_free_memory_goes_back_at_once, "purge_delay=0", || {
        assert_eq!(spare_after_a_thread(), 0);
    });
}

#[test]
fn nothing_waits_above_the_trim_threshold() {
    alone!(nothing_waits_above_the_trim_threshold, "", || {
        assert_eq!(spare_after_a_thread(), 1);
        assert!(trim::set_trim_threshold(Some(100_000)));
        assert_eq!(threads::central().spare().count(), 0);
        assert_eq!(spare_after_a_thread(), 0);
        assert!(trim::set_trim_threshold(None));
        assert_eq!(spare_after_a_thread(), 1);
    });
}

#[test]
fn what_a_consumer_frees_comes_back_to_the_producer() {
    alone!(what_a_consumer_frees_comes_back_to_the_producer, "on_error=abort", || {
        let (sender, receiver) = mpsc::sync_channel::<Known>(500);
        let consumer = spawn(move || receiver.into_iter().for_each(Known::free));
        let mut random = Random::new(5);
        let mut most = 0;
        for _ in 0..60_000 {
            let bytes = 1 + random.below(200);
            sender.send(Known::new(alloc(bytes), bytes, 1, 3)).expect("a consumer");
            most = most.max(HEAP.pages.lock().in_use);
        }
        drop(sender);
        consumer.join().expect("no panic");
        // At most 500 blocks: about 110 KiB, in eleven classes of 1 or 2 granules a zone.
        assert!(most <= 60, "{most} granules");
        check_and_clear(Pool::default());
    });
}

#[test]
fn a_second_free_is_seen_whoever_freed_first() {
    alone!(a_second_free_is_seen_whoever_freed_first, "on_error=ignore", || {
        let class = Class::of(48).expect("a class");
        let is_freed = |known: Known| Block::at(known.start).is_err_and(|misuse| misuse == Misuse::Freed(class));
        // `neighbour` keeps the zone in use.
        let neighbour = Known::new(alloc(48), 48, 1, 1);
        let free_twice = |first_free: &dyn Fn(Known), between: &dyn Fn()| {
            let known = Known::new(alloc(48), 48, 1, 2);
            first_free(known);
            assert!(is_freed(known));
            between();
            assert!(is_freed(known));
            (0..3).for_each(|_| known.free_again());
            both(|| known.free_again(), || ());
            check_heap();
        };
        let elsewhere = |known: Known| both(|| known.free(), || ());
        free_twice(&Known::free, &|| ());
        // Before and after it was collected.
        free_twice(&elsewhere, &|| ());
        free_twice(&elsewhere, &|| {
            trim(0);
        });
        neighbour.free();
        trim(0);
        check_heap();
        assert_eq!(HEAP.pages.lock().in_use, 0);
    });
}

/// What the destructor of another library's thread key sees: whether the thread has its cache.
static SEEN: Mutex<Vec<bool>> = Mutex::new(Vec::new());

/// The destructor, which libc calls after ours: the key is younger.
extern "C" fn look(_value: *mut core::ffi::c_void) {
    SEEN.lock().expect("no panic").push(thread::own().is_some());
}

#[test]
#[cfg(target_os = "linux")]
fn a_cache_stays_for_other_destructors() {
    alone!(a_cache_stays_for_other_destructors, "", || {
        alloc(1);
        let key = crate::os::ThreadKey::create(look).expect("a key");
        let body = move || {
            alloc(1);
            let value = core::ptr::without_provenance_mut(1);
            assert!(key.set(value));
        };
        both(body, || ());
        assert_eq!(*SEEN.lock().expect("no panic"), [true]);
    });
}

/// The key whose destructor allocates late.
static LATE_KEY: std::sync::OnceLock<crate::os::ThreadKey> = std::sync::OnceLock::new();

/// The first round in which it does.
static LATE_FROM: AtomicUsize = AtomicUsize::new(1);

/// Its destructor: allocates from some round on to the fourth and last; in the last two the cache is gone.
extern "C" fn take_late(round: *mut core::ffi::c_void) {
    if round.addr() >= LATE_FROM.load(Relaxed) {
        free(alloc(100), Call::Free);
    }
    if round.addr() < 4 {
        LATE_KEY.get().expect("the key").set(round.wrapping_byte_add(1));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_cache_taken_by_a_late_destructor_comes_back() {
    alone!(a_cache_taken_by_a_late_destructor_comes_back, "", || {
        alloc(1);
        let key = *LATE_KEY.get_or_init(|| crate::os::ThreadKey::create(take_late).expect("a key"));
        let caches = || threads::central().live().count();
        let before = caches();
        let body = move || {
            alloc(1);
            assert!(key.set(core::ptr::without_provenance_mut(1)));
        };
        for round in 1..=4 {
            LATE_FROM.store(round, Relaxed);
            both(body, || ());
            assert_eq!(caches(), before, "a cache without a thread, allocations from round {round} on");
        }
    });
}

#[test]
fn a_thread_may_free_before_it_allocates() {
    alone!(a_thread_may_free_before_it_allocates, "on_error=abort", || {
        let blocks: Vec<_> = (0..200).map(|nth| Known::new(alloc(nth), nth, 1, 1)).collect();
        spawn(move || {
            blocks.into_iter().for_each(Known::free);
            assert!(thread::own().is_none());
        })
        .join()
        .expect("no panic");
        check_and_clear(Pool::default());
    });
}

#[test]
fn a_post_for_a_retired_zone_harms_nobody() {
    alone!(a_post_for_a_retired_zone_harms_nobody, "on_error=abort", || {
        let block = || Known::new(alloc(20_000), 20_000, 1, 1);
        let zone_of = |known: &Known| MAP.find(known.start.addr().get()).expect("a zone");
        let known = block();
        let zone = zone_of(&known);
        known.free();
        trim(0);
        assert_eq!(HEAP.pages.lock().in_use, 0);
        // Late: the zone was given back between the mark and the post.
        post(zone);
        check_heap();
        // A zone again, and a post that read the owner before.
        let [here, there] = [block(), block()];
        let zone = zone_of(&here);
        zone.owner.pass(&HEAP.nobody);
        post(zone);
        zone.owner.pass(&thread::own().expect("a cache").owner);
        // What is freed elsewhere relies on that post.
        both(move || there.free(), || ());
        here.free();
        trim(0);
        check_and_clear(Pool::default());
        assert_eq!(zone.posted.load(Relaxed), 0);
    });
}
