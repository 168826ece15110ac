//! Threads come and go, pass blocks to each other, and leave nothing behind.

#![expect(unsafe_code, reason = "thread keys")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::std_instead_of_core,
    reason = "tests fail by panicking"
)]

mod common;

use common::{Random, give_up_after, in_child, resident};
use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Barrier, mpsc};
use std::thread::{scope, spawn};

#[global_allocator]
static ALLOCATOR: ft_malloc::FtMalloc = ft_malloc::FtMalloc;

/// Vectors of many sizes that know their content.
fn vectors(seed: u64, count: usize) -> Vec<Vec<u8>> {
    let mut random = Random(seed);
    (0..count)
        .map(|nth| vec![nth.to_le_bytes()[0]; 1 + random.below(if nth % 50 == 0 { 40_000 } else { 600 })])
        .collect()
}

/// Checks what [`vectors`] made.
fn check(vectors: &[Vec<u8>]) {
    for (nth, vector) in vectors.iter().enumerate() {
        assert!(vector.iter().all(|&byte| byte == nth.to_le_bytes()[0]));
    }
}

#[test]
fn ten_thousand_short_threads_leave_nothing() {
    in_child("ten_thousand_short_threads_leave_nothing", "on_error=abort", || {
        give_up_after(120);
        let run = |threads: u64| {
            for seed in 0..threads {
                // What one thread made another one frees.
                let made = spawn(move || vectors(seed, 20)).join().expect("no panic");
                check(&made);
                spawn(move || drop(made)).join().expect("no panic");
            }
        };
        run(500);
        let before = resident();
        run(4500);
        if let (Some(before), Some(after)) = (before, resident()) {
            assert!(after < before + (1 << 20), "{} KiB more", (after - before) >> 10);
        }
    });
}

#[test]
fn producers_and_one_consumer_need_what_is_live() {
    in_child("producers_and_one_consumer_need_what_is_live", "on_error=abort", || {
        give_up_after(120);
        let (sender, receiver) = mpsc::sync_channel::<Vec<Vec<u8>>>(16);
        let before = resident();
        scope(|scope| {
            for seed in 0..4 {
                let sender = sender.clone();
                scope.spawn(move || {
                    for round in 0..400 {
                        sender.send(vectors(1000 * seed + round, 100)).expect("a consumer");
                    }
                });
            }
            drop(sender);
            scope.spawn(move || receiver.into_iter().for_each(|made| check(&made)));
        });
        // 21 batches of about 70 KB are live at a time; 110 MB went through.
        if let (Some(before), Some(after)) = (before, resident()) {
            assert!(after < before + (24 << 20), "{} MiB more", (after - before) >> 20);
        }
    });
}

/// Threads that send to each other.
const THREADS: usize = 6;

#[test]
fn threads_that_free_what_others_make_all_at_once() {
    in_child("threads_that_free_what_others_make_all_at_once", "on_error=abort", || {
        give_up_after(120);
        let (barrier, live) = (Barrier::new(THREADS), AtomicUsize::new(0));
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..THREADS).map(|_| mpsc::channel::<Vec<Vec<u8>>>()).unzip();
        scope(|scope| {
            for (nth, receiver) in receivers.into_iter().enumerate() {
                let (senders, barrier, live) = (senders.clone(), &barrier, &live);
                scope.spawn(move || {
                    for round in 0..50 {
                        let made = vectors(u64::try_from(nth + THREADS * round).expect("a number"), 60);
                        live.fetch_add(made.len(), Relaxed);
                        senders[(nth + round) % THREADS].send(made).expect("a thread");
                        barrier.wait();
                        let got = receiver.recv().expect("one each");
                        check(&got);
                        live.fetch_sub(got.len(), Relaxed);
                        drop(got);
                    }
                });
            }
        });
        assert_eq!(live.load(Relaxed), 0);
    });
}

/// Allocates and frees when its thread ends.
struct Late(Vec<u8>, Arc<AtomicUsize>);

impl Drop for Late {
    fn drop(&mut self) {
        check(&vectors(self.0.len().try_into().expect("a number"), 30));
        self.0.resize(100_000, 3);
        self.1.fetch_add(1, Relaxed);
    }
}

thread_local! {
    /// What a thread has at its end.
    static LATE: RefCell<Vec<Late>> = const { RefCell::new(Vec::new()) };
}

#[test]
fn destructors_of_threads_allocate() {
    let dropped = Arc::new(AtomicUsize::new(0));
    for _ in 0..200 {
        let count = Arc::clone(&dropped);
        spawn(move || LATE.with_borrow_mut(|late| late.push(Late(vec![1; 10], count)))).join().expect("no panic");
    }
    assert_eq!(dropped.load(Relaxed), 200);
}

/// A thread key whose destructor allocates.
static KEY: AtomicUsize = AtomicUsize::new(0);

/// The key.
fn key() -> libc::pthread_key_t {
    KEY.load(Relaxed).try_into().expect("a key")
}

/// Destructor of the key: allocates, in three of the four rounds that there are.
extern "C" fn again(rounds: *mut libc::c_void) {
    check(&vectors(3, 30));
    if rounds.addr() < 3 {
        // SAFETY: the key was created and is never deleted.
        unsafe { libc::pthread_setspecific(key(), rounds.wrapping_byte_add(1)) };
    }
}

#[test]
fn what_threads_take_in_late_destructors_comes_back() {
    in_child("what_threads_take_in_late_destructors_comes_back", "on_error=abort", || {
        give_up_after(120);
        let mut created = 0;
        // SAFETY: a valid place, and a function that stays.
        assert_eq!(unsafe { libc::pthread_key_create(&raw mut created, Some(again)) }, 0);
        KEY.store(created.try_into().expect("a number"), Relaxed);
        let run = |threads| {
            for _ in 0..threads {
                let set = || {
                    // Or the thread would have no cache before the destructors, and all rounds still to come.
                    check(&vectors(1, 30));
                    // SAFETY: the key was created and is never deleted.
                    unsafe { libc::pthread_setspecific(key(), core::ptr::without_provenance(1)) }
                };
                assert_eq!(spawn(set).join().expect("no panic"), 0);
            }
        };
        run(50);
        let before = resident();
        run(500);
        if let (Some(before), Some(after)) = (before, resident()) {
            assert!(after < before + (2 << 20), "{} KiB more", (after - before) >> 10);
        }
    });
}
