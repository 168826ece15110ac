//! `show_alloc_mem` lists exactly the live blocks; beside threads that allocate, all that live meanwhile.

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

use common::{Random, in_child};
use ft_malloc::FtMalloc;
use std::alloc::{GlobalAlloc, Layout};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::scope;

/// Used by its own name, so that nothing else is in its heap.
static HEAP: FtMalloc = FtMalloc;

/// The word for blocks of so many bytes.
fn kind(bytes: usize) -> &'static str {
    match bytes {
        0..=128 => "TINY",
        129..=1024 => "SMALL",
        1025..=32_768 => "MEDIUM",
        _ => "LARGE",
    }
}

#[test]
fn the_list_is_what_is_live() {
    let output = in_child("the_list_is_what_is_live", "", || {
        let (mut random, mut live) = (Random(1), BTreeMap::new());
        for nth in 0..5000 {
            let bytes = 1 + random.below(match nth % 100 {
                0 => 6 << 20,
                1..10 => 100_000,
                10..30 => 5000,
                _ => 300,
            });
            let layout = Layout::from_size_align(bytes, 16).expect("a layout");
            // SAFETY: not of size 0.
            let block = unsafe { HEAP.alloc(layout) };
            if random.below(3) == 0 {
                // SAFETY: allocated just now.
                unsafe { HEAP.dealloc(block, layout) };
            } else {
                live.insert(block.addr(), bytes);
            }
        }
        // Lines of blocks as they should be; the parent compares.
        let mut expected = String::from("expected\n");
        for (start, bytes) in &live {
            writeln!(expected, "{} {start:#X} - {:#X} : {bytes} bytes", kind(*bytes), start + bytes).expect("memory");
        }
        writeln!(expected, "Total : {} bytes\nfound", live.values().sum::<usize>()).expect("memory");
        println!("{expected}");
        ft_malloc::show_alloc_mem();
    });
    let Some(output) = output else { return };
    let text = String::from_utf8(output.stdout).expect("text");
    let (expected, found) =
        text.split_once("expected\n").and_then(|(_, rest)| rest.split_once("found\n")).expect("both");
    let found = found.split_inclusive('\n').skip_while(|line| line.trim().is_empty());
    let mut listed = String::new();
    let (mut kind, mut zone, mut blocks) = ("", 0, 1);
    for line in found {
        let header = line.trim_end().split_once(" : 0x").filter(|(name, _)| !name.starts_with("0x"));
        if let Some((name, address)) = header {
            let address = usize::from_str_radix(address, 16).expect("upper-case hex");
            assert!(address > zone && blocks > 0, "zones ascend, and each has a block: {line}");
            (kind, zone, blocks) = (name, address, 0);
        } else if line.starts_with("Total") {
            listed.push_str(line);
            break;
        } else {
            blocks += 1;
            listed.push_str(kind);
            listed.push(' ');
            listed.push_str(line);
        }
    }
    assert_eq!(listed, expected.replace("0X", "0x"));
}

#[test]
fn an_empty_heap_has_an_empty_list() {
    let output = in_child("an_empty_heap_has_an_empty_list", "", || {
        println!();
        ft_malloc::show_alloc_mem();
    });
    let Some(output) = output else { return };
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.contains("\nTotal : 0 bytes\n") && !text.contains("TINY"), "{text}");
}

/// Allocates and frees blocks of all kinds until the lists are written.
fn churn(seed: u64, over: &AtomicBool) {
    let (mut random, mut live) = (Random(seed), Vec::new());
    while !over.load(Relaxed) {
        let most = if random.below(20) == 0 { 200_000 } else { 500 };
        let bytes = 1 + random.below(most);
        let layout = Layout::from_size_align(bytes, 16).expect("a layout");
        // SAFETY: not of size 0.
        live.push((unsafe { HEAP.alloc(layout) }, layout));
        if live.len() > 300 {
            let (block, layout) = live.swap_remove(random.below(live.len()));
            // SAFETY: allocated above with this layout.
            unsafe { HEAP.dealloc(block, layout) };
        }
    }
}

/// Lists that are written beside threads that allocate have every block that lives meanwhile.
fn lists_beside_allocation(test: &str, options: &str) {
    /// Lists.
    const LISTS: usize = 20;
    let output = in_child(test, options, || {
        let over = AtomicBool::new(false);
        let layout = Layout::from_size_align(777, 16).expect("a layout");
        // SAFETY: not of size 0.
        let kept = unsafe { HEAP.alloc(layout) };
        println!("kept {:#X} - {:#X} : 777 bytes", kept.addr(), kept.addr() + 777);
        scope(|scope| {
            for seed in 1..4 {
                let over = &over;
                scope.spawn(move || churn(seed, over));
            }
            (0..LISTS).for_each(|_| ft_malloc::show_alloc_mem());
            over.store(true, Relaxed);
        });
    });
    let Some(output) = output else { return };
    let lists = String::from_utf8(output.stdout).expect("text").replace("0X", "0x");
    let kept = lists.lines().find_map(|line| line.split_once("kept ")).expect("a block").1;
    assert_eq!(lists.lines().filter(|line| line.starts_with("Total : ")).count(), LISTS);
    assert_eq!(lists.lines().filter(|line| *line == kept).count(), LISTS);
}

#[test]
fn lists_may_be_written_beside_allocation() {
    lists_beside_allocation("lists_may_be_written_beside_allocation", "");
}

#[test]
fn lists_may_be_written_in_the_hardened_mode() {
    lists_beside_allocation("lists_may_be_written_in_the_hardened_mode", "secure");
}

#[test]
fn lists_may_be_written_with_sampled_blocks() {
    lists_beside_allocation("lists_may_be_written_with_sampled_blocks", "sample_guard=10");
}
