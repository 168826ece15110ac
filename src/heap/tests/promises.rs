//! What is promised of single calls, over all sizes, classes and alignments.

#![expect(unsafe_code, reason = "reads and writes the memory of blocks")]

use super::model::{Known, is_zero, run_sequences};
use super::*;
use crate::arena::ARENA;
use crate::config::MAX_MMAP_THRESHOLD;
use crate::os::{self, mock::Random};
use crate::size_class::{Class, GRANULE, MAX_BYTE_SLACK, MEDIUM_MAX, TINY_MAX};

/// A block of which only the ends are written, for sizes that tests do not fill.
fn touch(block: *mut u8, bytes: usize, align: usize) {
    let start = NonNull::new(block).expect("memory");
    let found = Block::at(start).expect("a live block");
    assert!(found.requested() == bytes && found.usable() >= bytes && start.addr().get().is_multiple_of(align));
    if found.usable() > 0 {
        // SAFETY: the first usable byte.
        unsafe { start.write(1) };
        // SAFETY: the last usable byte.
        unsafe { block.wrapping_add(found.usable() - 1).write(1) };
    }
    free(block, Call::Free);
}

/// The content of a live block.
fn content<'a>(block: *mut u8, bytes: usize) -> &'a mut [u8] {
    // SAFETY: a live block of this size, which only the caller uses.
    unsafe { core::slice::from_raw_parts_mut(block, bytes) }
}

#[test]
fn every_size_is_served_exactly() {
    for bytes in 0..=MEDIUM_MAX + 1 {
        let pair = [1, 2].map(|fill| Known::new(alloc(bytes), bytes, 1, fill));
        let found = Block::at(pair[0].start).expect("a live block");
        let kind = match bytes {
            0..=TINY_MAX => Kind::Tiny,
            129..=SMALL_MAX => Kind::Small,
            1025..=MEDIUM_MAX => Kind::Medium,
            _ => Kind::Large,
        };
        assert_eq!(found.kind(), kind, "{bytes} bytes");
        // Contents are checked when they are freed: no block lies over the other.
        pair.into_iter().for_each(Known::free);
    }
}

#[test]
fn every_alignment_is_served() {
    for log in 4..=30 {
        let align: usize = 1 << log;
        let sizes = [0, 1, 15, 100, 1000, 5000, 40_000, 1 << 20, align / 2, align - 1, align, align + 1, 3 * align];
        for bytes in sizes.into_iter().filter(|&bytes| bytes <= 8 << 20) {
            touch(alloc_aligned(align, bytes), bytes, align);
        }
    }
    // Small alignments are no less than what every block has.
    (0..4).for_each(|log| touch(alloc_aligned(1 << log, 3), 3, 16));
}

#[test]
fn what_no_arena_can_hold_is_a_mapping_at_once() {
    alone!(what_no_arena_can_hold_is_a_mapping_at_once, "", || {
        let kept = Known::new(alloc(1), 1, 1, 1);
        let reserved = || HEAP.pages.lock().arenas().filter(|arena| arena.reserved.get()).count();
        assert_eq!(reserved(), 1);
        touch(alloc_aligned(1 << 30, 100), 100, 1 << 30);
        kept.free();
        assert_eq!(reserved(), 1, "nothing was given up for it");
    });
}

#[test]
fn every_aligned_size_of_a_class_is_served() {
    for log in 5..=15 {
        for bytes in (0..=MEDIUM_MAX).step_by(37) {
            Known::new(alloc_aligned(1 << log, bytes), bytes, 1 << log, 1).free();
        }
    }
}

#[test]
fn what_no_pointer_difference_can_express_is_refused() {
    for bytes in [MAX_REQUEST + 1, usize::MAX - GRANULE, usize::MAX - 1, usize::MAX, MAX_REQUEST] {
        assert!(alloc(bytes).is_null() && alloc_zeroed(bytes).is_null());
        assert!(alloc_aligned(1 << 12, bytes).is_null() && alloc_aligned(1 << 40, bytes).is_null());
        let known = Known::new(alloc(100), 100, 1, 1);
        assert!(realloc(known.start, bytes).is_err_and(|refused| !refused.is_misuse()));
        known.free();
    }
    assert!(alloc_aligned(1 << 63, 1).is_null() && alloc_aligned(1 << 47, 0).is_null());
}

#[test]
fn realloc_stays_in_place_where_it_can() {
    // Within a class up and down, as long as half of the block is used.
    for class in Class::all() {
        let block = class.block();
        let mut known = Known::new(alloc(block - 5), block - 5, 1, 7);
        let start = known.start;
        for bytes in [block, block - 1, block - 3, block.div_ceil(2).max(block.saturating_sub(MAX_BYTE_SLACK)), block] {
            known.resize(bytes);
            assert_eq!(known.start, start, "{bytes} of {block} bytes");
        }
        // Not below: memory would stay tied up.
        if block >= 64 {
            known.resize(block / 4);
            assert_ne!(known.start, start);
        }
        known.free();
    }
}

#[test]
fn runs_shrink_and_grow_in_place() {
    alone!(runs_shrink_and_grow_in_place, "", || {
        let granules = || HEAP.pages.lock().in_use;
        let mut known = Known::new(alloc(30 * GRANULE), 30 * GRANULE, 1, 9);
        let start = known.start;
        assert_eq!(granules(), 30 + usize::from(Unix.knows_guards()));
        for count in [30, 10, 20, 3, 29, 1] {
            known.resize(count * GRANULE - 7);
            // A long one has one granule more, for a guard.
            let guard = usize::from(count >= 8 && Unix.knows_guards());
            assert_eq!((known.start, granules()), (start, count + guard));
            check_heap();
        }
        // With a block behind it, it has to move.
        let behind = Known::new(alloc(GRANULE), GRANULE, 1, 1);
        known.resize(2 * GRANULE);
        assert_ne!(known.start, start);
        behind.free();
        known.free();
        assert_eq!(granules(), 0);
    });
}

#[test]
fn mappings_are_resized_by_the_os() {
    let threshold = HEAP.config.mmap_threshold.get();
    let mut known = Known::new(alloc(threshold), threshold, 1, 9);
    for bytes in [threshold + 1, 3 * threshold, 2 * threshold, threshold + 5] {
        known.resize(bytes);
        assert!(matches!(Block::at(known.start), Ok(Block::Mapping(_))));
    }
    // Too small to deserve one.
    known.resize(threshold - 1);
    assert!(matches!(Block::at(known.start), Ok(Block::Run(_))));
    known.free();
}

#[test]
fn cleared_memory_is_zero_after_every_history() {
    alone!(cleared_memory_is_zero_after_every_history, "purge_delay=1", || {
        let mut random = Random::new(11);
        let sizes = [8, 100, 128, 500, 1024, 3000, 9000, 32_000, 70_000, 300_000, 5 << 20];
        for round in 0..60 {
            // Dirty blocks, of which a part is freed, resized or given back to the OS …
            let mut dirty = Vec::new();
            for &bytes in &sizes {
                for _ in 0..(200_000 / bytes).clamp(1, 100) {
                    dirty.push(Known::new(alloc(bytes), bytes, 1, 0xff));
                }
            }
            while dirty.len() > sizes.len() {
                dirty.swap_remove(random.below(dirty.len())).free();
                if random.below(30) == 0 {
                    let nth = random.below(dirty.len());
                    dirty[nth].resize(1 + random.below(400_000));
                }
            }
            if round % 3 == 0 {
                trim(random.below(4) << 20);
            }
            dirty.into_iter().for_each(Known::free);
            // … lie below cleared ones.
            let mut cleared = Vec::new();
            for &bytes in &sizes {
                for _ in 0..(400_000 / bytes).clamp(1, 100) {
                    let block = alloc_zeroed(bytes);
                    assert!(is_zero(content(block, bytes)), "{bytes} bytes in round {round}");
                    cleared.push(Known::new(block, bytes, 1, 0x55));
                }
            }
            cleared.into_iter().for_each(Known::free);
        }
        check_heap();
    });
}

#[test]
fn perturb_fills_and_ends() {
    alone!(perturb_fills_and_ends, "on_error=abort", || {
        let sizes = [1, 100, 1000, 3000, 32_000, 70_000, 5 << 20];
        let before = Known::new(alloc(48), 48, 1, 1);
        let all = |bytes: &[u8], byte: u8| bytes.iter().all(|&found| found == byte);
        for round in 0..3 {
            assert!(set_perturb(0x5a));
            std::thread::scope(|scope| {
                // A thread that was there before and one that comes.
                let body = || {
                    for bytes in sizes {
                        let block = alloc(bytes);
                        assert!(all(content(block, bytes), !0x5a), "{bytes} allocated bytes");
                        let aligned = alloc_aligned(64, bytes);
                        assert!(all(content(aligned, bytes), !0x5a), "{bytes} aligned bytes");
                        let zeroed = alloc_zeroed(bytes);
                        assert!(is_zero(content(zeroed, bytes)));
                        free(aligned, Call::Free);
                        free(zeroed, Call::Free);
                        let stays = alloc(bytes);
                        content(block, bytes).fill(7);
                        free(block, Call::Free);
                        if bytes <= MEDIUM_MAX {
                            assert!(all(content(block, bytes), 0x5a), "{bytes} freed bytes");
                        }
                        free(stays, Call::Free);
                    }
                };
                body();
                scope.spawn(body).join().expect("no panic");
                // What another thread made.
                let block = content(alloc(100), 100);
                let start = block.as_mut_ptr();
                block.fill(7);
                scope.spawn(|| free(block.as_mut_ptr(), Call::Free)).join().expect("no panic");
                assert!(all(content(start, 100), 0x5a), "freed elsewhere");
                assert!(alloc(MAX_REQUEST).is_null(), "no block, nothing to fill");
            });
            assert!(set_perturb(0) && thread::own().is_some_and(thread::is_direct), "round {round}");
            let block = alloc(200);
            content(block, 200).fill(3);
            free(block, Call::Free);
            assert!(all(content(block, 200), 3), "nothing is filled any more");
            check_heap();
        }
        before.free();
        trim(0);
        check_heap();
        assert_eq!(HEAP.pages.lock().in_use, 0);
    });
}

#[test]
fn with_three_classes_every_larger_block_is_a_mapping() {
    alone!(with_three_classes_every_larger_block_is_a_mapping, "mmap_threshold=1025", || {
        let small = Known::new(alloc(1024), 1024, 1, 1);
        assert_eq!(Block::at(small.start).expect("live").kind(), Kind::Small);
        for bytes in [1025, 2000, 30_000, 40_000, 1 << 20, 8 << 20] {
            let before = HEAP.large.lock().count;
            let known = Known::new(alloc(bytes), bytes, 1, 1);
            assert!(matches!(Block::at(known.start), Ok(Block::Mapping(_))), "{bytes} bytes");
            assert_eq!(HEAP.large.lock().count, before + 1);
            known.free();
            assert_eq!(HEAP.large.lock().count, before);
        }
        // Across the boundary, both ways.
        let mut known = small;
        for bytes in [1025, 1024, 5000, 16] {
            known.resize(bytes);
            assert_eq!(matches!(Block::at(known.start), Ok(Block::Mapping(_))), bytes > 1024);
        }
        known.free();
        run_sequences(20);
        assert_eq!(HEAP.large.lock().count, 0);
    });
}

#[test]
fn a_high_boundary_makes_runs_of_everything() {
    let options = format!("mmap_threshold={MAX_MMAP_THRESHOLD},purge_delay=0");
    alone!(a_high_boundary_makes_runs_of_everything, &options, || {
        run_sequences(20);
        let known = Known::new(alloc(30 << 20), 30 << 20, 1, 1);
        assert!(matches!(Block::at(known.start), Ok(Block::Run(_))));
        known.free();
    });
}

#[test]
fn trim_gives_back_all_that_is_free() {
    alone!(trim_gives_back_all_that_is_free, "purge_delay=100000", || {
        let blocks: Vec<_> = (0..3000).map(|nth| Known::new(alloc(nth % 2000), nth % 2000, 1, 1)).collect();
        let (kept, freed): (Vec<_>, Vec<_>) = blocks.into_iter().enumerate().partition(|(nth, _)| nth % 1000 < 10);
        for (_, known) in freed {
            known.free();
        }
        assert!(trim(0), "most of it is free");
        assert_eq!(HEAP.pages.lock().dirty, 0);
        check_heap();
        assert!(!trim(0), "no more is free, holes in zones included");
        // Of each zone that stays there are holes: what is allocated there again is as good as ever.
        let again: Vec<_> = (0..3000).map(|nth| Known::new(alloc_zeroed(nth % 2000), nth % 2000, 1, 2)).collect();
        again.into_iter().for_each(Known::free);
        assert!(trim(0));
        for (_, known) in kept {
            known.free();
        }
        assert!(trim(0));
        let pages = HEAP.pages.lock();
        assert_eq!((pages.in_use, pages.dirty), (0, 0));
    });
}

#[test]
fn totals_agree_with_a_walk() {
    alone!(totals_agree_with_a_walk, "", || {
        let mut random = Random::new(3);
        let sizes: Vec<_> = (0..2000).map(|nth| random.below(if nth % 100 == 0 { 6 << 20 } else { 5000 })).collect();
        let blocks: Vec<_> = sizes.iter().map(|&bytes| Known::new(alloc(bytes), bytes, 1, 1)).collect();
        let totals = totals().expect("no signal handler");
        assert_eq!(totals.zones.live + totals.runs.0 + totals.mappings.0, blocks.len());
        assert_eq!(totals.zones.requested + totals.large_requested, sizes.iter().sum());
        let mut sums = [0; 5];
        for (index, class) in classes() {
            let layout = Class::all().nth(index).expect("a class").layout();
            assert_eq!(class.live + class.free, class.zones * crate::ptr::size(layout.blocks));
            assert_eq!(class.used, class.live * block_of(index));
            let fields = [class.zones, class.live, class.used, class.free, class.requested];
            sums.iter_mut().zip(fields).for_each(|(sum, field)| *sum += field);
        }
        let all = totals.zones;
        assert_eq!(sums, [all.zones, all.live, all.used, all.free, all.requested]);
        let (mapped, walls) = {
            let pages = HEAP.pages.lock();
            (pages.mapped, pages.zone_walls)
        };
        assert_eq!(walls > 0, os::Unix.knows_guards());
        assert_eq!(totals.mapped, (mapped - walls) * GRANULE);
        assert!(totals.peak_mapped >= totals.mapped && totals.free_runs < totals.mapped && totals.metadata > 0);
        blocks.into_iter().for_each(Known::free);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn options_wait_until_libc_has_started() {
    alone!(options_wait_until_libc_has_started, "", || {
        let find = || os::environment(b"NOBODY_SETS_THIS=");
        assert_eq!((find(), os::without_environment(find)), (Some(b"".as_slice()), None));
    });
}

#[test]
fn a_header_that_has_another_place_by_now_names_no_block() {
    alone!(a_header_that_has_another_place_by_now_names_no_block, "on_error=ignore", || {
        for bytes in [48, 100_000] {
            let known = Known::new(alloc(bytes), bytes, 1, 1);
            let arena = MAP.arena(known.start.addr().get()).expect("an arena");
            // As seen by a look-up that found the header before it got its place.
            let start = NonNull::new(known.start.as_ptr().wrapping_add(16 * ARENA)).expect("not null");
            let slot = start.addr().get() / ARENA * ARENA;
            assert!(MAP.enter(&Unix, slot, arena));
            assert!(Block::at(start).is_err_and(|misuse| misuse == Misuse::NoBlock));
            let mut moved = known;
            moved.start = start;
            std::thread::spawn(move || moved.free_again()).join().expect("no panic");
            MAP.clear(slot);
            known.free();
        }
        check_heap();
    });
}
