//! When memory ends, calls fail and nothing else happens; when some comes back, everything works again.

#![cfg(target_os = "linux")]
#![expect(unsafe_code, reason = "calls the allocator, sets limits")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::std_instead_of_core,
    reason = "tests fail by panicking"
)]

mod common;

use common::{give_up_after, in_child};
use ft_malloc::FtMalloc;
use std::alloc::{GlobalAlloc, Layout};
use std::sync::Barrier;

/// Used by its own name: the system's allocator serves the test itself, which could not go on without memory.
static HEAP: FtMalloc = FtMalloc;

/// A layout of so many bytes.
fn layout(bytes: usize) -> Layout {
    Layout::from_size_align(bytes, 16).expect("a layout")
}

/// A block, filled; null if there is none.
fn take(bytes: usize) -> *mut u8 {
    // SAFETY: not of size 0.
    let block = unsafe { HEAP.alloc(layout(bytes)) };
    if !block.is_null() {
        // SAFETY: the block has this size.
        unsafe { block.write_bytes(0x77, bytes) };
    }
    block
}

/// Frees a block whose content must be there still.
fn give(block: *mut u8, bytes: usize) {
    // SAFETY: a live block of this size, written by `take`.
    let content = unsafe { core::slice::from_raw_parts(block, bytes) };
    assert!(content.chunks(4096).all(|chunk| chunk == &[0x77; 4096][..chunk.len()]));
    // SAFETY: allocated with this layout.
    unsafe { HEAP.dealloc(block, layout(bytes)) };
}

/// Allows the process `mib` MiB of address space beyond what it has.
fn limit(mib: usize) {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("/proc");
    let pages: usize = statm.split(' ').next().and_then(|size| size.parse().ok()).expect("a number");
    let most = u64::try_from(pages * common::page() + (mib << 20)).expect("a number");
    let limit = libc::rlimit { rlim_cur: most, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: a valid structure.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) }, 0);
}

/// A block and its size.
struct Block {
    /// Where it is.
    start: *mut u8,
    /// Bytes asked for.
    bytes: usize,
}

// SAFETY: a block belongs to whatever thread has it.
unsafe impl Send for Block {}

/// Many of them.
type Blocks = Vec<Block>;

/// Room for so many blocks, which costs address space before there is a limit.
fn room() -> Blocks {
    Vec::with_capacity(4 << 20)
}

/// Takes blocks until there are no more.
fn take_all(blocks: &mut Blocks, bytes: usize) {
    loop {
        let block = take(bytes);
        if block.is_null() {
            return;
        }
        assert!(blocks.len() < blocks.capacity(), "memory never ends");
        blocks.push(Block { start: block, bytes });
    }
}

/// Frees blocks.
fn give_all(blocks: &mut Blocks) {
    blocks.drain(..).for_each(|block| give(block.start, block.bytes));
}

/// Sizes of every kind.
const SIZES: [usize; 8] = [16, 100, 128, 600, 1024, 5000, 32_768, 100_000];

#[test]
fn every_size_is_there_again_after_every_other_one() {
    in_child("every_size_is_there_again_after_every_other_one", "", || {
        give_up_after(120);
        let mut blocks = room();
        limit(48);
        for filler in SIZES {
            take_all(&mut blocks, filler);
            assert!(blocks.len() * filler > 16 << 20, "only {} blocks of {filler}", blocks.len());
            // Failing costs nothing, however often.
            assert!((0..100).all(|_| take(filler).is_null()));
            give_all(&mut blocks);
            for bytes in SIZES {
                let block = take(bytes);
                assert!(!block.is_null(), "{bytes} bytes after blocks of {filler}");
                give(block, bytes);
            }
        }
    });
}

#[test]
fn a_few_blocks_freed_are_a_few_blocks_to_be_had() {
    in_child("a_few_blocks_freed_are_a_few_blocks_to_be_had", "", || {
        give_up_after(120);
        let mut blocks = room();
        limit(32);
        for bytes in [64, 1024, 8192] {
            take_all(&mut blocks, bytes);
            for nth in 0..50 {
                let place = nth * (blocks.len() / 60);
                give(blocks[place].start, bytes);
                blocks[place].start = take(bytes);
                assert!(!blocks[place].start.is_null());
            }
            assert!(take(bytes).is_null());
            give_all(&mut blocks);
        }
    });
}

#[test]
fn a_long_block_finds_the_room_that_short_ones_left() {
    in_child("a_long_block_finds_the_room_that_short_ones_left", "", || {
        give_up_after(120);
        let mut blocks = room();
        limit(64);
        take_all(&mut blocks, 32_768);
        give_all(&mut blocks);
        // Half of it may wait to be used again; no run of an arena is that long.
        give(take(50 << 20), 50 << 20);
    });
}

#[test]
fn memory_has_not_ended_while_some_lies_idle() {
    in_child("memory_has_not_ended_while_some_lies_idle", "", || {
        give_up_after(120);
        let mut blocks = room();
        limit(32);
        // Every class has a zone at hand that is wholly free.
        for bytes in (16..=32_768).step_by(16) {
            give(take(bytes), bytes);
        }
        take_all(&mut blocks, 32_768);
        ft_malloc::trim();
        assert!(take(32_768).is_null(), "there was memory that only `trim` found");
        give_all(&mut blocks);
    });
}

#[test]
fn the_last_blocks_of_threads_that_ended_are_to_be_had() {
    in_child("the_last_blocks_of_threads_that_ended_are_to_be_had", "", || {
        give_up_after(120);
        let mut blocks = room();
        let (start, blocks) = (Barrier::new(2), &mut blocks);
        std::thread::scope(|scope| {
            let filler = scope.spawn(|| {
                // The standard library maps a signal stack for the thread before this.
                start.wait();
                start.wait();
                take_all(blocks, 1024);
            });
            start.wait();
            limit(32);
            start.wait();
            filler.join().expect("no panic");
        });
        // The zones are nobody's now, and none has room for more than these.
        for nth in 0..50 {
            let place = nth * (blocks.len() / 60);
            give(blocks[place].start, 1024);
            blocks[place].start = take(1024);
            assert!(!blocks[place].start.is_null());
        }
        give_all(blocks);
    });
}

#[test]
fn a_resize_that_fails_leaves_the_block() {
    in_child("a_resize_that_fails_leaves_the_block", "", || {
        give_up_after(120);
        let mut blocks = room();
        let samples = SIZES.map(take);
        limit(32);
        take_all(&mut blocks, 1000);
        for (block, bytes) in samples.into_iter().zip(SIZES) {
            // SAFETY: allocated with this layout; the new size is not 0.
            let resized = unsafe { HEAP.realloc(block, layout(bytes), bytes + (40 << 20)) };
            assert!(resized.is_null());
            give(block, bytes);
        }
        give_all(&mut blocks);
    });
}

#[test]
fn new_threads_fail_and_recover_as_old_ones_do() {
    in_child("new_threads_fail_and_recover_as_old_ones_do", "", || {
        give_up_after(120);
        let (started, full, free) = (Barrier::new(5), Barrier::new(5), Barrier::new(5));
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        // The standard library maps a signal stack for the thread before this.
                        started.wait();
                        full.wait();
                        // The thread's first calls ever.
                        let refused = SIZES.iter().filter(|&&bytes| take(bytes).is_null()).count();
                        full.wait();
                        free.wait();
                        for bytes in SIZES {
                            give(take(bytes), bytes);
                        }
                        refused
                    })
                })
                .collect();
            started.wait();
            let mut blocks = room();
            limit(32);
            take_all(&mut blocks, 100_000);
            for bytes in SIZES {
                take_all(&mut blocks, bytes);
            }
            full.wait();
            full.wait();
            give_all(&mut blocks);
            free.wait();
            let refused: usize = threads.into_iter().map(|thread| thread.join().expect("no panic")).sum();
            assert!(refused > 0, "memory had ended");
        });
    });
}

#[test]
fn a_small_address_space_is_enough_to_start() {
    in_child("a_small_address_space_is_enough_to_start", "", || {
        give_up_after(60);
        // Far less than an arena, from the very first block on.
        limit(8);
        let blocks = SIZES.map(|bytes| (take(bytes), bytes));
        assert!(blocks.iter().all(|(block, _)| !block.is_null()));
        for (block, bytes) in blocks {
            give(block, bytes);
        }
    });
}
