//! Blocks are as aligned as their layout asks, whatever the size.

#![expect(unsafe_code, reason = "calls the allocator")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::std_instead_of_core,
    reason = "tests fail by panicking"
)]

use std::alloc::{Layout, alloc, alloc_zeroed, dealloc, realloc};
use std::slice::from_raw_parts;

#[global_allocator]
static ALLOCATOR: ft_malloc::FtMalloc = ft_malloc::FtMalloc;

/// Sizes around an alignment, and some that have nothing to do with it; none that takes long to fill.
fn sizes(align: usize) -> impl Iterator<Item = usize> {
    let sizes = [1, 7, 16, 100, 1024, 1025, 20_000, 32_768, 32_769, 70_000, align / 2, align - 1, align, align + 1];
    sizes.into_iter().filter(|&bytes| (1..=1 << 20).contains(&bytes))
}

/// Every power of two up to 1 GiB.
fn alignments() -> impl Iterator<Item = usize> {
    (0..=30).map(|log| 1 << log)
}

#[test]
fn every_alignment_up_to_1_gib() {
    for align in alignments() {
        for bytes in sizes(align) {
            let layout = Layout::from_size_align(bytes, align).expect("a layout");
            // SAFETY: not of size 0.
            let block = unsafe { alloc(layout) };
            assert!(!block.is_null() && block.addr().is_multiple_of(align.max(16)), "{layout:?}");
            // SAFETY: the block has this size.
            unsafe { block.write_bytes(0xee, bytes) };
            // SAFETY: allocated above with this layout.
            unsafe { dealloc(block, layout) };
        }
    }
}

#[test]
fn aligned_blocks_are_cleared_on_demand() {
    for align in alignments() {
        for bytes in sizes(align) {
            let layout = Layout::from_size_align(bytes, align).expect("a layout");
            // Twice, so that the second block is where the first one left its traces.
            for _ in 0..2 {
                // SAFETY: not of size 0.
                let block = unsafe { alloc_zeroed(layout) };
                assert!(!block.is_null() && block.addr().is_multiple_of(align));
                // SAFETY: the block has this size.
                let content = unsafe { from_raw_parts(block, bytes) };
                assert!(content.iter().all(|&byte| byte == 0), "{layout:?}");
                // SAFETY: as above.
                unsafe { block.write_bytes(0xee, bytes) };
                // SAFETY: allocated above with this layout.
                unsafe { dealloc(block, layout) };
            }
        }
    }
}

#[test]
fn alignment_outlives_realloc() {
    for align in alignments().take(25) {
        let layout = |bytes| Layout::from_size_align(bytes, align).expect("a layout");
        // SAFETY: not of size 0.
        let mut block = unsafe { alloc(layout(1)) };
        assert!(!block.is_null());
        // SAFETY: the block has a byte.
        unsafe { block.write(7) };
        let mut bytes = 1;
        for new in sizes(align).chain([3, 500_000, 40]) {
            // SAFETY: allocated with this layout, and the new size is not 0.
            block = unsafe { realloc(block, layout(bytes), new) };
            assert!(!block.is_null() && block.addr().is_multiple_of(align), "{bytes} to {new} at {align}");
            // SAFETY: the first byte is always there.
            assert_eq!(unsafe { block.read() }, 7);
            bytes = new;
        }
        // SAFETY: allocated with this layout.
        unsafe { dealloc(block, layout(bytes)) };
    }
}
