//! `realloc` keeps contents, grows large blocks without copying, and leaves the block alone when it fails.

#![expect(unsafe_code, reason = "calls the allocator")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::std_instead_of_core,
    reason = "tests fail by panicking"
)]

mod common;

use common::{Random, faults, in_child, page};
use std::alloc::{Layout, alloc, dealloc, realloc};

#[global_allocator]
static ALLOCATOR: ft_malloc::FtMalloc = ft_malloc::FtMalloc;

/// What is written at `index`.
fn mark(index: usize) -> u64 {
    u64::try_from(index).expect("a number").wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[test]
fn contents_stay_through_all_sizes() {
    let mut random = Random(5);
    let mut numbers: Vec<u64> = Vec::new();
    for _ in 0..3000 {
        let length = random.below(20_000) >> random.below(14);
        if length < numbers.len() {
            numbers.truncate(length);
            numbers.shrink_to_fit();
        } else {
            numbers.extend((numbers.len()..length).map(mark));
        }
        assert!(numbers.iter().enumerate().all(|(index, &number)| number == mark(index)));
    }
}

#[test]
fn large_blocks_grow_without_being_copied() {
    in_child("large_blocks_grow_without_being_copied", "", || {
        let layout = |mib: usize| Layout::from_size_align(mib << 20, 16).expect("a layout");
        // SAFETY: not of size 0.
        let mut block = unsafe { alloc(layout(16)) };
        assert!(!block.is_null());
        // SAFETY: the block has this size.
        unsafe { block.write_bytes(3, 16 << 20) };
        let before = faults();
        for mib in 17..300 {
            // SAFETY: allocated with this layout.
            block = unsafe { realloc(block, layout(mib - 1), mib << 20) };
            assert!(!block.is_null());
        }
        let copied = faults() - before;
        assert!(copied < (16 << 20) / page() / 4, "{copied} faults: somebody wrote the content again");
        // SAFETY: the block has this size, and its first 16 MiB were written.
        let content = unsafe { core::slice::from_raw_parts(block, 16 << 20) };
        assert!(content.chunks(4096).all(|chunk| chunk == [3; 4096]));
        // SAFETY: allocated with this layout.
        unsafe { dealloc(block, layout(299)) };
    });
}

#[test]
fn a_failed_realloc_leaves_the_block() {
    for bytes in [10, 1000, 10_000, 100_000, 10_000_000] {
        let layout = Layout::from_size_align(bytes, 8).expect("a layout");
        // SAFETY: not of size 0.
        let block = unsafe { alloc(layout) };
        // SAFETY: the block has this size.
        unsafe { block.write_bytes(9, bytes) };
        for huge in [isize::MAX.unsigned_abs() - 4096, 1 << 55] {
            // SAFETY: allocated with this layout; the new size is a valid one.
            assert!(unsafe { realloc(block, layout, huge) }.is_null());
        }
        // SAFETY: the block is still there.
        let content = unsafe { core::slice::from_raw_parts(block, bytes) };
        assert!(content.iter().all(|&byte| byte == 9));
        // SAFETY: allocated with this layout.
        unsafe { dealloc(block, layout) };
    }
}
