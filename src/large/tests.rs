//! Tests of LARGE mappings, on the mock OS.

#![expect(unsafe_code, reason = "reads and writes blocks")]

mod guards;

use super::*;
use crate::os::mock::{Kind, Mock, Random};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;

impl Large {
    /// Every structural promise of the tree.
    pub(crate) fn check_invariants(&self) {
        fn walk(node: Option<&'static Mapping>, low: usize, high: usize, top: u32, sums: &mut (usize, usize)) {
            let Some(mapping) = node else { return };
            let (start, end) = (mapping.address(), mapping.address() + mapping.bytes());
            assert!(start >= low && end <= high);
            assert!(mapping.priority.get() <= top && mapping.requested() <= mapping.bytes());
            let room = mapping.room();
            assert!(mapping.requested() <= room && (mapping.guard.get() == 0 || mapping.offset.get() == 0));
            assert!(mapping.fresh.get() <= if mapping.huge.get() { (start + room) % huge::HUGE } else { room });
            *sums = (sums.0 + 1, sums.1 + mapping.bytes());
            walk(mapping.left.get(), low, start, mapping.priority.get(), sums);
            walk(mapping.right.get(), end, high, mapping.priority.get(), sums);
        }
        let mut sums = (0, 0);
        walk(self.root.get(), 0, usize::MAX, u32::MAX, &mut sums);
        assert_eq!(sums, (self.count, self.bytes));
        assert_eq!(self.kept.iter().map(Mapping::bytes).sum::<usize>(), self.kept.bytes);
        for kept in self.kept.iter() {
            let (address, bytes) = (kept.address(), kept.bytes());
            assert!(bytes > 0 && self.find(address).is_none() && self.find(address + bytes - 1).is_none());
            let follows = |other: &Mapping| other.address() == address + bytes && other.huge.get() == kept.huge.get();
            // But where a guard could not be removed.
            let follows = |other: &Mapping| follows(other) && kept.guard.get() == 0;
            assert!(!self.kept.iter().any(follows), "neighbours are one");
            assert_eq!(kept.fresh.get(), 0);
        }
    }

    /// The guards of the OS are those at the ends of mappings, in use, kept or stuck.
    pub(super) fn check_guards(&self, os: &Mock) {
        let mut next = self.next(0);
        let in_use = core::iter::from_fn(|| {
            let mapping = next?;
            next = self.next(mapping.address() + 1);
            Some(mapping)
        });
        let guarded = |mapping: &&Mapping| {
            let (end, guard) = (mapping.address() + mapping.bytes(), mapping.guard.get());
            assert!(guard == 0 || os.guards_in(end - guard, guard) == 1, "a page that is no guard");
            guard > 0
        };
        let known = in_use.chain(self.kept.iter()).filter(guarded).count();
        let mut stuck = self.stuck.get();
        let mut lost = 0;
        while let Some(mapping) = stuck {
            lost += os.guards_in(mapping.address(), mapping.bytes());
            stuck = mapping.left.get();
        }
        assert_eq!(os.guards_in(0, usize::MAX), known + lost, "guards that nobody knows of");
    }

    /// Frees the block at `start`, which may wait for so many milliseconds.
    pub(super) fn free_at(&mut self, os: &Mock, meta: &'static Mutex<Meta>, start: NonNull<u8>, delay: u64) {
        let mapping = self.find(start.addr().get()).expect("a mapping");
        self.free(os, meta, mapping, stay(delay));
        self.check_invariants();
        self.check_guards(os);
    }

    /// A new block whose every page is written, freed for so many milliseconds.
    fn keep_one(&mut self, os: &Mock, meta: &'static Mutex<Meta>, bytes: usize, delay: u64) -> usize {
        let start = self.alloc(os, meta, bytes, 16).expect("memory");
        // SAFETY: the block is that long.
        unsafe { start.write_bytes(7, bytes) };
        self.free_at(os, meta, start, delay);
        start.addr().get()
    }
}

/// Bytes of freed mappings that may wait.
const ALLOWED: usize = 32 << 20;

/// So many milliseconds.
pub(super) fn stay(delay: u64) -> Stay {
    Stay { delay, bytes: ALLOWED }
}

/// Blocks of these sizes of which no two lie side by side, as they are shorter than their alignment.
fn apart(large: &mut Large, os: &Mock, meta: &'static Mutex<Meta>, sizes: &[usize]) -> Vec<NonNull<u8>> {
    sizes.iter().map(|&bytes| large.alloc(os, meta, bytes, 64 << 20).expect("memory")).collect()
}

#[test]
fn freed_mappings_serve_the_next_request() {
    let (os, meta, mut large) = (Mock::unlimited(), pool(), Large::new());
    assert!(large.reuse(&os, meta, 1 << 20).is_none());
    let first = large.keep_one(&os, meta, 8 << 20, 1000);
    let maps = (os.calls(Kind::Map), os.calls(Kind::Unmap));
    // Shorter, with a rest that is worth keeping: the rest serves the next one, and both become one again.
    let short = large.reuse(&os, meta, 3 << 20).expect("it is there");
    let rest = large.reuse(&os, meta, 5 << 20).expect("the rest");
    assert_eq!((short.addr().get(), rest.addr().get()), (first, first + (3 << 20)));
    // SAFETY: the page was written and never given back.
    assert_eq!(unsafe { short.read() }, 7);
    large.check_invariants();
    assert!(large.reuse(&os, meta, 1).is_none() && large.kept() == 0);
    large.free_at(&os, meta, rest, 1000);
    large.free_at(&os, meta, short, 1000);
    let whole = large.reuse(&os, meta, 8 << 20).expect("both");
    assert_eq!((whole.addr().get(), maps), (first, (os.calls(Kind::Map), os.calls(Kind::Unmap))));
    // Longer: it grows, and keeps what is in it.
    large.free_at(&os, meta, whole, 1000);
    let long = large.reuse(&os, meta, 20 << 20).expect("room");
    // SAFETY: as above, moved with the block.
    assert_eq!((unsafe { long.read() }, large.kept()), (7, 0));
    large.check_invariants();
}

#[test]
fn the_shortest_that_is_long_enough_comes_first() {
    let (os, meta, mut large) = (Mock::unlimited(), pool(), Large::new());
    let starts = apart(&mut large, &os, meta, &[6 << 20, 2 << 20, 4 << 20]);
    for &start in &starts {
        large.free_at(&os, meta, start, 1000);
    }
    assert_eq!(large.kept(), 12 << 20);
    let chosen = [3, 3, 3].map(|mib| large.reuse(&os, meta, mib << 20).expect("one of them"));
    assert_eq!(chosen[..2], [starts[2], starts[0]]);
    large.check_invariants();
    // What was cut from the 4 and the 6 MiB is 1 and 3; of these one was left.
    assert_eq!(
        (chosen[2], large.kept()),
        (NonNull::new(starts[0].as_ptr().wrapping_add(3 << 20)).expect("a block"), 3 << 20)
    );
}

#[test]
fn freed_mappings_wait_for_the_delay_within_the_bound() {
    let (os, meta, mut large) = (Mock::unlimited(), pool(), Large::new());
    large.keep_one(&os, meta, 5 << 20, 1000);
    assert_eq!(large.kept(), 5 << 20);
    os.clock.store(999, Relaxed);
    assert!(!large.expire(&os, meta, stay(1000)));
    os.clock.store(1000, Relaxed);
    assert!(large.expire(&os, meta, stay(1000)));
    assert_eq!(large.kept(), 0);
    // Nothing waits without a delay, and the oldest go first when it is too much.
    large.keep_one(&os, meta, 5 << 20, 0);
    assert_eq!(large.kept(), 0);
    let starts: Vec<_> = (0..20).map(|_| large.alloc(&os, meta, 4 << 20, 16).expect("memory")).collect();
    for &start in &starts {
        large.free_at(&os, meta, start, 1000);
        assert!(large.kept() <= ALLOWED);
    }
    assert_eq!(large.kept(), ALLOWED);
    // What became one by and by loses only as much as is too much.
    for mib in [3, 3] {
        let start = large.reuse(&os, meta, mib << 20).expect("a part");
        large.free_at(&os, meta, start, 1000);
        assert_eq!(large.kept(), ALLOWED);
    }
    assert!(large.expire(&os, meta, stay(0)) && large.kept() == 0);
}

/// A metadata pool for one test.
pub(super) fn pool() -> &'static Mutex<Meta> {
    Box::leak(Box::new(Mutex::new(Meta::new())))
}

#[test]
fn tree_agrees_with_a_sorted_map() {
    let (os, meta, mut large) = (Mock::unlimited(), pool(), Large::new());
    let mut model = BTreeMap::new();
    let mut seed: usize = 42;
    for step in 0..3000 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if model.len() < 100 || seed >> 60 < 8 {
            let bytes = (seed >> 40) % 60_000 + 1;
            let start = large.alloc(&os, meta, bytes, 1 << (step % 18)).expect("memory");
            assert_eq!(start.addr().get() % (1 << (step % 18)), 0);
            model.insert(start.addr().get(), bytes);
        } else {
            let nth = (seed >> 33) % model.len();
            let (&address, &bytes) = model.iter().nth(nth).expect("there are so many");
            let inside = large.find(address + bytes / 2).expect("a mapping");
            assert_eq!((inside.address(), inside.requested()), (address, bytes));
            model.remove(&address);
            large.free(&os, meta, inside, Stay::NONE);
            assert!(large.find(address).is_none() && large.was_freed(address));
            let next = model.range(address..).next().map(|(&address, _)| address);
            assert_eq!(large.next(address).map(Mapping::address), next);
        }
        large.check_invariants();
    }
}

#[test]
fn refused_unmaps_are_tried_again() {
    let (os, meta, mut large) = (Mock::unlimited(), pool(), Large::new());
    for _ in 0..3 {
        large.alloc(&os, meta, 100_000, 16).expect("memory");
    }
    os.refill(0);
    while let Some(mapping) = large.next(0) {
        large.free(&os, meta, mapping, Stay::NONE);
    }
    assert!(large.stuck.get().is_some());
    os.refill(usize::MAX);
    for _ in 0..4 {
        let start = large.alloc(&os, meta, 10, 16).expect("memory");
        let mapping = large.find(start.addr().get()).expect("it");
        large.free(&os, meta, mapping, Stay::NONE);
    }
    assert!(large.stuck.get().is_none());
    assert_eq!(large.count + large.bytes, 0);
}

#[test]
fn what_could_not_be_unmapped_is_clear_when_it_serves_again() {
    let (os, meta, mut large) = (Mock::unlimited(), pool(), Large::new());
    let start = large.alloc(&os, meta, 100_000, 16).expect("memory");
    // SAFETY: the block is that long.
    unsafe { start.write_bytes(7, 100_000) };
    for kind in [Kind::Unmap, Kind::Purge, Kind::Map] {
        os.refuse(kind, true);
    }
    let mapping = large.find(start.addr().get()).expect("it is there");
    large.free(&os, meta, mapping, Stay::NONE);
    assert_eq!(large.alloc(&os, meta, 100_000, 16), Some(start));
    // SAFETY: as above.
    let content = unsafe { core::slice::from_raw_parts(start.as_ptr(), 100_000) };
    assert!(content.iter().all(|&byte| byte == 0));
}

/// Allocates, resizes and frees mappings of all kinds; nothing is left in the tree.
fn scenario(large: &mut Large, os: &Mock, meta: &'static Mutex<Meta>) {
    let page = os.page();
    let sizes = [(1, 16), (300_000, 16), (5000, 8 * page), (1 << 20, 1 << 22), (70_000, 64 * page)];
    let mut starts: Vec<_> = sizes.iter().filter_map(|&(bytes, align)| large.alloc(os, meta, bytes, align)).collect();
    if let Some(start) = large.alloc(os, meta, 6 << 20, 16) {
        let mapping = large.find(start.addr().get()).expect("it is there");
        large.free(os, meta, mapping, stay(1000));
        large.check_invariants();
        starts.extend([2 << 20, 30 << 20].into_iter().filter_map(|bytes| large.reuse(os, meta, bytes)));
        large.check_invariants();
    }
    // Such as get huge pages, if these are filled; the second half grows out of them.
    for bytes in [5 << 20, 9_500_000, 5 << 20, 9_500_000, 9_500_000, 6_500_000, 20_000_000] {
        starts.extend(large.reuse(os, meta, bytes).or_else(|| large.alloc(os, meta, bytes, 16)));
        if let Some(mapping) = starts.last().and_then(|last| large.find(last.addr().get())).filter(|_| bytes > 9 << 20)
        {
            starts.pop();
            large.free(os, meta, mapping, stay(1000));
        }
        large.check_invariants();
    }
    for (nth, start) in starts.into_iter().enumerate() {
        let mapping = large.find(start.addr().get()).expect("it is there");
        let before = (mapping.address(), mapping.room(), mapping.requested());
        let bytes = [100, 200_000, 3 << 20][nth % 3];
        if large.resize(os, meta, mapping, bytes).is_none() {
            assert_eq!((mapping.address(), mapping.room(), mapping.requested()), before);
        }
        large.check_invariants();
        large.check_guards(os);
        large.free(os, meta, mapping, Stay::NONE);
        large.check_invariants();
    }
    assert_eq!(large.count + large.bytes, 0);
}

#[test]
fn every_call_fails_in_turn_and_nothing_is_lost() {
    for way in 0..3 {
        let fail = if way < 2 { Mock::refill } else { Mock::fail_after };
        for round in 0.. {
            let (os, meta, mut large) = (Mock::unlimited(), pool(), Large::new());
            os.touched.store(way > 0, Relaxed);
            large.huge_pages = true;
            large.guards = true;
            fail(&os, round);
            scenario(&mut large, &os, meta);
            let hit = os.budget_left() == 0 || os.has_failed();
            os.refill(usize::MAX);
            os.fail_after(usize::MAX);
            for _ in 0..8 {
                scenario(&mut large, &os, meta);
            }
            assert!(large.stuck.get().is_none() && os.prepared_within_reservations());
            // What is left is metadata: its first reservation, which is smaller if the OS refused that.
            assert!(os.held() <= (1 << 20) + (128 << 10), "{} bytes after round {round}", os.held());
            if !hit {
                break;
            }
        }
    }
}

/// Marks both ends of the block at `start`.
fn mark(start: NonNull<u8>, bytes: usize, mark: u8) {
    // SAFETY: the block is that long, and this test's alone.
    unsafe { start.write(mark) };
    // SAFETY: as above.
    unsafe { forward(start, bytes - 1).write(mark) };
}

/// Whether the first byte, and the last one unless the block has been cut, still have the mark.
fn has_mark(start: NonNull<u8>, bytes: usize, whole: bool, mark: u8) -> bool {
    // SAFETY: as in `mark`.
    let first = unsafe { start.read() };
    // SAFETY: as above.
    let last = unsafe { forward(start, bytes - 1).read() };
    first == mark && (!whole || last == mark)
}

#[test]
fn random_operations_bear_that_every_kth_call_fails() {
    for nth in (1..12).chain([15, 20, 30, 50, 100]) {
        let (os, meta, mut large) = (Mock::unlimited(), pool(), Large::new());
        let (mut random, mut live): (_, Vec<(NonNull<u8>, usize, u8)>) = (Random::new(nth), Vec::new());
        os.touched.store(true, Relaxed);
        large.huge_pages = true;
        large.guards = true;
        os.fail_every(nth);
        for step in 0..500 {
            let bytes = 1 + random.below([60_000, 3 << 20, 12 << 20][step % 3]);
            let (own, index) = (crate::ptr::low8(step % 255 + 1), random.below(live.len().max(1)));
            os.clock.fetch_add(7, Relaxed);
            if live.len() < 20 && random.below(2) == 0 {
                let start = if step % 2 == 0 { large.reuse(&os, meta, bytes) } else { None };
                if let Some(start) = start.or_else(|| large.alloc(&os, meta, bytes, 16 << random.below(16))) {
                    let usable = large.find(start.addr().get()).map_or(0, Mapping::usable);
                    assert!(usable >= bytes && os.guards_in(start.addr().get(), usable) == 0);
                    mark(start, bytes, own);
                    live.push((start, bytes, own));
                }
            } else if !live.is_empty() {
                let (start, before, old) = live.swap_remove(index);
                assert!(has_mark(start, before, true, old));
                let mapping = large.find(start.addr().get()).expect("a mapping");
                if step % 4 != 0 {
                    large.free(&os, meta, mapping, stay(20));
                } else if let Some(moved) = large.resize(&os, meta, mapping, bytes) {
                    assert!(has_mark(moved, before.min(bytes), bytes >= before, old));
                    mark(moved, bytes, own);
                    live.push((moved, bytes, own));
                } else {
                    assert!(has_mark(start, before, true, old));
                    live.push((start, before, old));
                }
            }
            large.check_invariants();
            large.check_guards(&os);
        }
        assert!(os.has_failed());
        os.fail_every(0);
        for (start, bytes, old) in live {
            assert!(has_mark(start, bytes, true, old));
            large.free_at(&os, meta, start, 0);
        }
        for _ in 0..1000 {
            scenario(&mut large, &os, meta);
            if large.stuck.get().is_none() {
                break;
            }
        }
        large.expire(&os, meta, Stay::NONE);
        assert!(large.stuck.get().is_none() && os.prepared_within_reservations());
        assert_eq!((large.count, large.bytes, large.kept()), (0, 0, 0));
        assert!(os.held() <= (2 << 20) + (128 << 10), "{} bytes after every {nth}th failed", os.held());
    }
}

#[test]
fn every_failure_leaves_the_tree_whole() {
    for budget in 0..8 {
        let (os, meta, mut large) = (Mock::with_budget(budget), pool(), Large::new());
        let first = large.alloc(&os, meta, 1 << 20, 1 << 21);
        large.check_invariants();
        if let Some(mapping) = first.and_then(|start| large.find(start.addr().get())) {
            let resized = large.resize(&os, meta, mapping, 3 << 20);
            assert_eq!(mapping.requested(), if resized.is_some() { 3 << 20 } else { 1 << 20 });
            large.check_invariants();
        }
    }
}
