//! The hardened mode: where blocks lie, when they come back, what is around them. The choices follow a fixed seed, so that
//! what is counted is the same in each run.

#![expect(unsafe_code, reason = "reads and writes the memory of blocks, freed ones too")]

mod written;

use std::collections::BTreeMap;
use std::thread::{spawn, yield_now};

use super::messages::{check_lines, expect};
use super::model::{Known, is_zero};
use super::*;
use crate::ptr::size;
use crate::random::mix;
use crate::size_class::{Class, FRESH, GRANULE, QUARANTINED, WINDOW};

/// A size of each kind of class.
const SIZES: [usize; 5] = [20, 100, 1000, 9000, 32_700];

/// So many blocks.
fn many(count: usize, bytes: usize) -> Vec<*mut u8> {
    (0..count).map(|_| alloc(bytes)).collect()
}

/// Frees blocks.
fn drop_all(blocks: impl IntoIterator<Item = *mut u8>) {
    for block in blocks {
        free(block, Call::Free);
    }
}

/// So many blocks, of which two thirds are free again.
fn some_freed(count: usize, bytes: usize) {
    drop_all(many(count, bytes).into_iter().enumerate().filter_map(|(n, block)| (n % 3 != 0).then_some(block)));
}

/// The zone of a block, live or not, and its index there.
fn spot(block: *mut u8) -> (&'static Zone, usize) {
    let zone = MAP.find(block.addr()).expect("a zone");
    (zone, zone.index_of(block.addr()).expect("a block"))
}

/// What a block holds, live or not.
fn content<'a>(block: *mut u8, bytes: usize) -> &'a [u8] {
    // SAFETY: memory of a zone, which nobody changes meanwhile.
    unsafe { core::slice::from_raw_parts(block, bytes) }
}

/// Whether nobody can read there.
fn is_closed(place: *const u8) -> bool {
    !Unix.is_readable(place, place)
}

/// What `misuse` of a block of so many bytes is called.
fn named(what: &str, bytes: usize, is_block: bool) -> String {
    let block = if is_block { Class::of(bytes + 8).expect("a class").block() } else { bytes };
    format!("{what} {block}-byte block{} ({})", if is_block { "" } else { " was written" }, Kind::of(block).name())
}

/// Bytes of this process that the kernel counts as `name`.
fn counted(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("a text");
    let line = status.lines().find(|line| line.starts_with(name)).expect("the line");
    line.split_whitespace().nth(1).expect("a number").parse::<usize>().expect("one") << 10
}

#[test]
fn the_secret_is_each_process_s_own_whatever_the_seed() {
    let halves = || {
        alone!(the_secret_is_each_process_s_own_whatever_the_seed, "secure,seed=7", || {
            let blocks = [alloc(100), alloc(100)];
            let [one, other] = blocks.map(|block| content(block.wrapping_add(100), 8).to_vec());
            assert_ne!(one, other, "the same in two places");
            let secret = HEAP.secret.halves();
            let [one, other] = blocks.map(|block| mix(secret[0] ^ crate::ptr::wide(block.addr())) ^ secret[1]);
            assert_eq!(content(blocks[0].wrapping_add(100), 8), one.to_ne_bytes());
            assert_eq!(content(blocks[1].wrapping_add(100), 8), other.to_ne_bytes());
            eprintln!("{secret:?}");
        })
    };
    let [one, other] = [halves(), halves()];
    // Nothing to compare in the child itself.
    let numbers = |text: &str| -> Vec<u64> {
        let text = text.trim().trim_matches(['[', ']']);
        text.split(", ").filter_map(|number| number.parse().ok()).collect()
    };
    let all: BTreeSet<u64> = numbers(&one).into_iter().chain(numbers(&other)).filter(|&half| half != 0).collect();
    assert!(one.is_empty() || all.len() == 4, "{one} {other}");
}

#[test]
fn choices_follow_the_seed_and_the_thread() {
    let places = |options| {
        alone!(choices_follow_the_seed_and_the_thread, options, || {
            let own = || many(64, 100).into_iter().map(|block| spot(block).1).collect::<Vec<_>>();
            let here = own();
            let there = std::thread::spawn(own).join().expect("no panic");
            assert_ne!(here, there, "two threads choose the same");
            eprintln!("{here:?} {there:?}");
        })
    };
    let [one, again] = [places("secure,seed=7"), places("secure,seed=7")];
    let [other, free, free_again] = [places("secure,seed=8"), places("secure"), places("secure,seed=0")];
    assert_eq!(one, again);
    let different: BTreeSet<_> = [one, other, free, free_again].into_iter().collect();
    assert!(different.first().is_some_and(String::is_empty) || different.len() == 4, "{different:?}");
}

#[test]
fn blocks_and_windows_are_chosen_at_random() {
    alone!(blocks_and_windows_are_chosen_at_random, "secure,seed=7", || {
        let (mut ascending, mut steps, mut turns_back, mut early) = (0, 0, 0, 0);
        for bytes in [20, 40, 100, 200] {
            let blocks = size(Class::of(bytes + 8).expect("a class").layout().blocks);
            some_freed(3 * blocks, bytes);
            let mut last = BTreeMap::new();
            for _ in 0..blocks {
                let (zone, index) = spot(alloc(bytes));
                let before = last.insert(zone.address(), index).unwrap_or(index);
                let window = before / WINDOW * WINDOW;
                if index / WINDOW == before / WINDOW {
                    steps += 1;
                    ascending += usize::from(index > before);
                } else {
                    turns_back += usize::from(index < before);
                    early += usize::from((window..window + WINDOW).any(|other| zone.is_free(other)));
                }
            }
        }
        assert!(steps > 1000 && (steps / 3..steps * 2 / 3).contains(&ascending), "{ascending} of {steps}");
        // Forwards alone, each zone would begin anew a few times.
        assert!(turns_back > 50 && early > 50, "{turns_back} {early}");
    });
}

#[test]
fn windows_of_fresh_zones_are_chosen_at_random() {
    alone!(windows_of_fresh_zones_are_chosen_at_random, "secure,seed=7", || {
        let (mut changes, mut turns_back) = (0, 0);
        for bytes in [20, 40, 100, 200] {
            let mut last = BTreeMap::new();
            for _ in 0..size(Class::of(bytes + 8).expect("a class").layout().blocks) {
                let (zone, index) = spot(alloc(bytes));
                let before = last.insert(zone.address(), index).unwrap_or(index);
                changes += usize::from(index / WINDOW != before / WINDOW);
                turns_back += usize::from(index / WINDOW < before / WINDOW);
            }
        }
        assert!(changes > 100 && turns_back > 25, "{changes} {turns_back}");
    });
}

#[test]
fn zones_are_chosen_at_random() {
    alone!(zones_are_chosen_at_random, "secure,seed=7", || {
        some_freed(8000, 1000);
        let (mut met, mut back, mut elsewhere, mut last) = (BTreeSet::new(), 0, 0, [0; 2]);
        for zone in many(4000, 1000).into_iter().map(|block| spot(block).0.address()) {
            if zone == last[0] {
                continue;
            }
            // Nothing was freed meanwhile, so a zone that was left for want of room has none.
            let is_back = !met.insert(zone);
            back += usize::from(is_back);
            elsewhere += usize::from(is_back && zone != last[1]);
            last = [zone, last[0]];
        }
        assert!(back > 10 && elsewhere > 6, "{back} {elsewhere}");
    });
}

#[test]
fn one_or_two_granules_before_a_zone_are_nobody_s() {
    alone!(one_or_two_granules_before_a_zone_are_nobody_s, "secure,seed=7", || {
        let zones: BTreeSet<_> = many(6000, 1000).into_iter().map(|block| spot(block).0.address()).collect();
        let mut counts = [0; 2];
        for zone in zones.into_iter().map(|address| MAP.find(address).expect("a zone")) {
            let guard = usize::from(zone.granules.get()) - size(zone.layout().granules);
            counts[guard.checked_sub(1).expect("a guard")] += 1;
            let (start, first) = (zone.start.get(), zone.start.get().wrapping_add(guard * GRANULE));
            assert!(is_closed(start) && is_closed(first.wrapping_sub(1)) && !is_closed(first));
            assert!(zone.block_at(0) >= first);
        }
        assert!(counts.iter().all(|&count| count > 10), "{counts:?}");
    });
}

#[test]
fn guards_of_zones_are_bounded() {
    alone!(guards_of_zones_are_bounded, "secure,seed=7", || {
        let guard = |block| usize::from(spot(block).0.granules.get()) - size(spot(block).0.layout().granules);
        assert!((1..=2).contains(&guard(alloc(100))));
        secure::guards().store(12_000, Relaxed);
        assert_eq!(guard(alloc(500)), 0);
        secure::guards().store(1, Relaxed);
        // One that goes back makes room for another.
        drop_all(many(3000, 1000));
        drop_all(many(1000, 100));
        let zones: BTreeSet<_> = many(3000, 1000).into_iter().map(|block| spot(block).0.address()).collect();
        assert!(secure::guards().load(Relaxed) <= zones.len() + 4);
    });
}

#[test]
fn a_zone_on_its_way_back_is_nobodys() {
    alone!(a_zone_on_its_way_back_is_nobodys, "secure,seed=7", || {
        // One that no cache knows of.
        alloc(1);
        let class = Class::of(100).expect("a class");
        let (run, room) = (secure::take_run(class).expect("memory"), size(class.layout().chunk));
        let chunk = HEAP.meta.lock().take(&Unix, room).expect("memory");
        run.zone.cut(class, chunk, run.clean, &HEAP.owner);
        run.zone.set_role(Role::Blocks);
        let zone = run.zone;
        let (pages, before) = (HEAP.pages.lock(), secure::guards().load(Relaxed));
        let thread = spawn(move || secure::give_run(zone, 0));
        while secure::guards().load(Relaxed) == before {
            yield_now();
        }
        // The child of a fork at this moment would give it back once more.
        assert!(zone.role() == Role::None);
        drop(pages);
        thread.join().expect("no panic");
    });
}

#[test]
fn freed_blocks_are_cleared_and_wait() {
    let said = alone!(freed_blocks_are_cleared_and_wait, "secure,seed=7,on_error=warn", || {
        for bytes in SIZES {
            let (kept, block) = (many(300, bytes), alloc(bytes));
            // SAFETY: all of the block.
            unsafe { block.write_bytes(0xff, bytes) };
            free(block, Call::Free);
            let (zone, index) = spot(block);
            assert!(is_zero(content(block, zone.block_bytes())), "{bytes} bytes");
            // As many as the queue has in any case.
            let count = (256 << 10) / (bytes + 200) / 2;
            for _ in 0..count.min(250) {
                assert_eq!(zone.state_of(index), QUARANTINED);
                let other = alloc(bytes);
                assert_ne!(other, block);
                free(other, Call::Free);
            }
            let double = format!("free({block:?}): {}", named("double free of a", bytes, true));
            expect(&double, || free(block, Call::Free));
            drop_all(kept);
        }
    });
    check_lines(&said, SIZES.len());
}

#[test]
fn a_thread_that_ends_leaves_no_block_waiting() {
    alone!(a_thread_that_ends_leaves_no_block_waiting, "secure,seed=7", || {
        let blocks: Vec<_> = (0..100).map(|_| Known::new(alloc(100), 100, 1, 1)).collect();
        let spots: Vec<_> = blocks.iter().map(|known| spot(known.start.as_ptr())).collect();
        std::thread::spawn(|| blocks.into_iter().for_each(Known::free)).join().expect("no panic");
        assert!(spots.iter().all(|(zone, index)| zone.state_of(*index) != QUARANTINED));
    });
}

#[test]
fn large_blocks_lie_between_guards_and_wait() {
    alone!(large_blocks_lie_between_guards_and_wait, "secure,seed=7,purge_delay=600000", || {
        let page = Unix.page();
        for (bytes, align) in [(5 << 20, 16), (1 << 20, 16), (40_000, 16), (100_001, 64), (300_000, 1 << 16)] {
            let mut met = BTreeSet::new();
            for _ in 0..4 {
                let block = if align == 16 { alloc(bytes) } else { alloc_aligned(align, bytes) };
                assert!(block.addr().is_multiple_of(align) && met.insert(block), "at once again");
                let (first, end) = (block.addr() & !(page - 1), (block.addr() + bytes).next_multiple_of(page));
                assert!(is_closed(block.with_addr(first - 1)) && is_closed(block.with_addr(end)));
                assert!(!is_closed(block) && !is_closed(block.with_addr(end - 1)));
                assert!(align > page || end - block.addr() - bytes < align, "ends where its last page does");
                assert!(is_zero(content(block, bytes)));
                // SAFETY: all of the block.
                unsafe { block.write_bytes(0xff, bytes) };
                let before = counted("VmRSS");
                free(block, Call::Free);
                assert!(is_closed(block) && is_closed(block.with_addr(end - 1)));
                assert!(bytes < 4 << 20 || counted("VmRSS") + bytes / 2 < before, "its memory goes back");
            }
        }
        let before = counted("VmSize");
        drop_all(many(100, 1 << 20));
        (0..100).for_each(|_| free(alloc(1 << 20), Call::Free));
        assert!(counted("VmSize") < before + (40 << 20), "more wait than should");
    });
}

/// Turns the mode on while there are many blocks already, whose granules it tells, and has them freed.
fn turn_on_late(meanwhile: impl FnOnce(&BTreeSet<usize>)) -> BTreeSet<usize> {
    let before: Vec<_> = (0..5000).map(|_| Known::new(alloc(1000), 1000, 1, 7)).collect();
    let granules = before.iter().map(|known| known.start.addr().get() / GRANULE).collect();
    HEAP.config.parse(b"secure,seed=7", |_| ());
    careful::start();
    assert!(threads::current().is_some());
    meanwhile(&granules);
    // By another thread, so that their owner looks for zones that are wholly free.
    std::thread::spawn(|| before.into_iter().for_each(Known::free)).join().expect("no panic");
    granules
}

#[test]
fn memory_from_before_the_mode_is_cleared_and_its_blocks_serve_nobody() {
    alone!(memory_from_before_the_mode_is_cleared_and_its_blocks_serve_nobody, "on_error=abort", || {
        let old = turn_on_late(|old| {
            let blocks = many(5000, 1000);
            assert!(!blocks.iter().any(|block| old.contains(&(block.addr() / GRANULE))));
            drop_all(blocks);
        });
        // Their memory serves again, and not one message says that it was written to.
        let blocks = many(20_000, 500);
        assert!(blocks.iter().any(|block| old.contains(&(block.addr() / GRANULE))));
        assert!(blocks.iter().all(|&block| is_zero(content(block, 500))));
        drop_all(blocks);
    });
}

#[test]
fn large_blocks_without_guards_read_as_zero_too() {
    alone!(large_blocks_without_guards_read_as_zero_too, "on_error=abort", || {
        let old = turn_on_late(|_| ());
        // The zones go back when another one is wanted.
        drop_all(many(300, 700));
        // As if so many had guards.
        HEAP.large.lock().count += 8000;
        let blocks = many(30, 100_000);
        HEAP.large.lock().count -= 8000;
        assert!(blocks.iter().any(|block| old.contains(&(block.addr() / GRANULE))));
        assert!(blocks.iter().all(|&block| is_zero(content(block, 100_000))));
        drop_all(blocks);
    });
}

#[test]
fn blocks_of_no_bytes_are_nobody_s_memory_there_too() {
    let said = alone!(blocks_of_no_bytes_are_nobody_s_memory_there_too, "secure,seed=7,on_error=warn", || {
        let blocks = many(10_000, 0);
        assert!(blocks.iter().collect::<BTreeSet<_>>().len() == 10_000 && blocks.iter().all(|&block| is_closed(block)));
        let block = realloc(NonNull::new(blocks[0]).expect("memory"), 12).ok().flatten().expect("memory");
        Known::new(block.as_ptr(), 12, 1, 1).free();
        let double = format!("free({:?}): double free of a 0-byte block (TINY)", blocks[1]);
        free(blocks[1], Call::Free);
        expect(&double, || free(blocks[1], Call::Free));
        drop_all(blocks.into_iter().skip(2));
        check_heap();
    });
    check_lines(&said, 1);
}

/// Frees a block as two threads do that have both found it before one of them freed it.
fn free_twice(block: *mut u8, told: &str, free: impl Fn()) {
    free();
    expect(&format!("free({block:?}): double free of a {told}"), free);
}

#[test]
fn of_two_frees_one_is_told() {
    let said = alone!(of_two_frees_one_is_told, "secure,seed=7,on_error=warn", || {
        let block = alloc(100);
        let Ok(Block::Zone(zone, index)) = Block::at(NonNull::new(block).expect("memory")) else { panic!("no zone") };
        free_twice(block, &format!("{}-byte block (TINY)", zone.block_bytes()), || {
            secure::free(zone, index, Call::Free);
        });
        let block = alloc(100_000);
        let Ok(Block::Mapping(mapping)) = Block::at(NonNull::new(block).expect("memory")) else { panic!("no mapping") };
        free_twice(block, "block (LARGE)", || secure::free_large(mapping, block, Call::Free));
        check_heap();
    });
    check_lines(&said, 2);
}
