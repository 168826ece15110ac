//! Children of a process with many threads allocate, whatever the other threads were doing.

#![cfg(unix)]
#![expect(unsafe_code, reason = "forks")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::std_instead_of_core,
    reason = "tests fail by panicking"
)]

mod common;

use common::{Random, give_up_after, in_child};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};
use std::thread::scope;

#[global_allocator]
static ALLOCATOR: ft_malloc::FtMalloc = ft_malloc::FtMalloc;

/// Runs `body` in a child process; whether it returned true. A child that hangs is ended after 20 seconds.
fn fork(body: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child calls nothing but `body` and `_exit`.
    let child = unsafe { libc::fork() };
    assert!(child >= 0);
    if child == 0 {
        give_up_after(20);
        let status = i32::from(!body());
        // SAFETY: ends the child.
        unsafe { libc::_exit(status) };
    }
    let mut status = -1;
    // SAFETY: waits for our child.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    status == 0
}

/// Allocates and frees many sizes; whether all contents were right.
fn churn(seed: u64, steps: usize) -> bool {
    let (mut random, mut blocks) = (Random(seed), Vec::new());
    for step in 0..steps {
        let bytes = 1 + random.below(if step % 40 == 0 { 200_000 } else { 1500 });
        blocks.push(vec![step.to_le_bytes()[0]; bytes]);
        if blocks.len() > 100 {
            let block = blocks.swap_remove(random.below(100));
            if block.iter().any(|&byte| byte != block[0]) {
                return false;
            }
        }
    }
    true
}

/// Blocks of all threads.
static SHARED: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// The shared blocks.
fn shared() -> MutexGuard<'static, Vec<Vec<u8>>> {
    SHARED.lock().expect("no panic")
}

/// Allocates, frees and shares until `done`.
fn work(seed: u64, done: &AtomicBool) {
    let mut random = Random(seed);
    while !done.load(Relaxed) {
        assert!(churn(seed, 50));
        let mut shared = shared();
        if shared.len() < 500 {
            shared.push(vec![1; random.below(3000)]);
        } else {
            let nth = random.below(500);
            shared.swap_remove(nth);
        }
    }
}

#[test]
fn children_of_a_busy_process_allocate() {
    in_child("children_of_a_busy_process_allocate", "on_error=abort", || {
        let done = AtomicBool::new(false);
        scope(|scope| {
            for seed in 0..4 {
                let done = &done;
                scope.spawn(move || work(seed, done));
            }
            for round in 0..200 {
                // Held across the fork: the child's copy is whole.
                let mut shared = shared();
                let right = fork(|| {
                    // What the other threads made, which do not exist here, is freed as ever.
                    let mut blocks = core::mem::take(&mut *shared);
                    let keep = blocks.split_off(blocks.len() / 2);
                    let whole = blocks.iter().all(|block| block.iter().all(|&byte| byte == 1));
                    drop(blocks);
                    ft_malloc::trim();
                    let right = churn(round, 500);
                    drop(keep);
                    whole && right && std::thread::spawn(|| churn(1, 100)).join().expect("no panic")
                });
                drop(shared);
                assert!(right, "child {round}");
            }
            done.store(true, Relaxed);
        });
    });
}

#[test]
fn grandchildren_allocate_too() {
    in_child("grandchildren_allocate_too", "on_error=abort", || {
        let done = AtomicBool::new(false);
        scope(|scope| {
            scope.spawn(|| work(9, &done));
            for round in 0..20 {
                assert!(fork(|| churn(round, 100) && fork(|| churn(round, 100)) && churn(round, 100)));
            }
            done.store(true, Relaxed);
        });
    });
}

#[test]
fn a_child_leaves_the_parent_alone() {
    let before: Vec<_> = (0..100_u8).map(|nth| vec![nth; 1000]).collect();
    assert!(fork(|| {
        drop(vec![7_u8; 100_000]);
        churn(3, 1000)
    }));
    assert!(before.iter().zip(0..100_u8).all(|(block, nth)| block.iter().all(|&byte| byte == nth)));
    assert!(churn(4, 1000));
}
