//! Memory goes back to the OS: by itself down to a bound, and all of it when asked.

#![cfg(target_os = "linux")]
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

use common::{in_child, page, resident};
use ft_malloc::FtMalloc;
use std::alloc::{GlobalAlloc, Layout};

/// Used by its own name, so that nothing else is in its heap.
static HEAP: FtMalloc = FtMalloc;

/// A layout of so many bytes.
fn layout(bytes: usize) -> Layout {
    Layout::from_size_align(bytes, 16).expect("a layout")
}

/// Takes a block and writes to all of it.
fn take_one(bytes: usize) -> *mut u8 {
    // SAFETY: not of size 0.
    let block = unsafe { HEAP.alloc(layout(bytes)) };
    // SAFETY: the block has this size.
    unsafe { block.write_bytes(1, bytes) };
    block
}

/// Takes blocks, `mib` MiB together, and writes to all of them.
fn take(bytes: usize, mib: usize) -> Vec<*mut u8> {
    (0..(mib << 20) / bytes).map(|_| take_one(bytes)).collect()
}

/// Frees blocks.
fn give(blocks: impl IntoIterator<Item = *mut u8>, bytes: usize) {
    for block in blocks {
        // SAFETY: allocated with this layout.
        unsafe { HEAP.dealloc(block, layout(bytes)) };
    }
}

/// Resident MiB.
fn mib() -> usize {
    resident().expect("/proc") >> 20
}

#[test]
fn freed_memory_goes_back_down_to_the_bound() {
    in_child("freed_memory_goes_back_down_to_the_bound", "purge_delay=1000000", || {
        let before = mib();
        for bytes in [64, 700, 5000, 200_000, 5 << 20] {
            let blocks = take(bytes, 160);
            assert!(mib() >= before + 155);
            give(blocks, bytes);
            // At most 32 MiB and metadata, whatever the clock says.
            assert!(mib() <= before + 32 + 16, "{} MiB beside {before} after blocks of {bytes}", mib());
        }
    });
}

#[test]
fn trim_gives_back_the_rest() {
    in_child("trim_gives_back_the_rest", "purge_delay=1000000", || {
        let before = mib();
        for bytes in [64, 700, 5000, 200_000] {
            give(take(bytes, 24), bytes);
            assert!(mib() >= before + 20, "below the bound it stays");
            assert!(ft_malloc::trim());
            assert!(mib() <= before + 8, "{} MiB beside {before} after blocks of {bytes}", mib());
            assert!(!ft_malloc::trim(), "there is no more");
        }
    });
}

/// Takes `mib` MiB of blocks of `bytes` and gives back all but one in 128 KiB, which it returns.
fn leave_survivors(bytes: usize, mib: usize) -> Vec<*mut u8> {
    let (mut kept, mut freed) = (Vec::new(), Vec::new());
    for (nth, block) in take(bytes, mib).into_iter().enumerate() {
        if nth % (131_072 / bytes) == 0 { kept.push(block) } else { freed.push(block) }
    }
    give(freed, bytes);
    kept
}

/// Frees what survived, after a look at it.
fn end_survivors(kept: Vec<*mut u8>, bytes: usize) {
    for &block in &kept {
        // SAFETY: a live block, written by `take`.
        let content = unsafe { core::slice::from_raw_parts(block, bytes) };
        assert!(content.iter().all(|&byte| byte == 1), "what stayed is untouched");
    }
    give(kept, bytes);
    ft_malloc::trim();
}

#[test]
fn trim_gives_back_holes_in_zones() {
    in_child("trim_gives_back_holes_in_zones", "purge_delay=1000000", || {
        for bytes in [64, 1024, 8192] {
            let before = mib();
            let kept = leave_survivors(bytes, 16);
            assert!(mib() >= before + 10, "below the bound it stays");
            assert!(ft_malloc::trim());
            assert!(mib() <= before + 6, "{} MiB beside {before} for blocks of {bytes}", mib());
            end_survivors(kept, bytes);
        }
    });
}

#[test]
fn holes_in_zones_go_back_down_to_the_bound() {
    in_child("holes_in_zones_go_back_down_to_the_bound", "purge_delay=1000000", || {
        for bytes in [64, 1024, 8192] {
            let before = mib();
            let kept = leave_survivors(bytes, 160);
            // 32 MiB, the survivors, and metadata.
            assert!(mib() <= before + 32 + 32, "{} MiB beside {before} for blocks of {bytes}", mib());
            end_survivors(kept, bytes);
        }
    });
}

#[test]
fn idle_memory_goes_back_after_the_delay() {
    in_child("idle_memory_goes_back_after_the_delay", "purge_delay=50", || {
        let before = mib();
        give(take(64, 24), 64);
        for _ in 0..6 {
            std::thread::sleep(std::time::Duration::from_millis(60));
            // Slow paths that happen anyway.
            give(take(200_000, 1), 200_000);
        }
        assert!(mib() <= before + 8, "{} MiB beside {before}", mib());
    });
}

/// How many pages of `bytes` from `start` are resident.
fn resident_pages(start: *mut u8, bytes: usize) -> usize {
    let head = start.addr() % page();
    let mut pages = vec![0_u8; (head + bytes).div_ceil(page())];
    // SAFETY: the block is mapped, and there is a byte for every page.
    let result = unsafe { libc::mincore(start.wrapping_sub(head).cast(), head + bytes, pages.as_mut_ptr()) };
    assert_eq!(result, 0);
    pages.iter().filter(|&&page| page & 1 != 0).count()
}

#[test]
fn cleared_memory_from_the_kernel_is_not_touched() {
    in_child("cleared_memory_from_the_kernel_is_not_touched", "", || {
        for bytes in [8192, 32_768, 100_000, 1 << 20, 64 << 20] {
            let count = (256_000 / bytes).clamp(1, 16);
            // SAFETY: not of size 0.
            let blocks: Vec<_> = (0..count).map(|_| unsafe { HEAP.alloc_zeroed(layout(bytes)) }).collect();
            let touched: usize = blocks.iter().map(|&block| resident_pages(block, bytes)).sum();
            assert_eq!(touched, 0, "of {count} blocks of {bytes} bytes");
        }
    });
}

#[test]
fn what_a_zone_has_not_handed_out_is_not_touched() {
    in_child("what_a_zone_has_not_handed_out_is_not_touched", "", || {
        // Block sizes, and bytes of their zones, which begin at multiples of 64 KiB.
        for (bytes, zone) in [(16, 64 << 10), (128, 64 << 10), (1024, 128 << 10), (2048, 256 << 10)] {
            // Blocks are exposed 64 at a time, and these are the first 64.
            let blocks: Vec<_> = (0..64).map(|_| take_one(bytes)).collect();
            let first = blocks[0];
            assert!(first.addr().is_multiple_of(64 << 10));
            let used = (64 * bytes).next_multiple_of(page());
            assert_eq!(resident_pages(first, used), used / page(), "written");
            assert_eq!(resident_pages(first.wrapping_add(used), zone - used), 0, "behind 64 blocks of {bytes}");
            give(blocks, bytes);
        }
    });
}
