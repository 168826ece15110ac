//! Tests of LARGE mappings, on the mock OS.

use super::*;
use crate::os::mock::Mock;
use std::collections::BTreeMap;

impl Large {
    /// Every structural promise of the tree.
    pub(crate) fn check_invariants(&self) {
        fn walk(node: Option<&'static Mapping>, low: usize, high: usize, top: u32, sums: &mut (usize, usize)) {
            let Some(mapping) = node else { return };
            let (start, end) = (mapping.address(), mapping.address() + mapping.bytes());
            assert!(start >= low && end <= high);
            assert!(mapping.priority.get() <= top && mapping.requested() <= mapping.bytes());
            *sums = (sums.0 + 1, sums.1 + mapping.bytes());
            walk(mapping.left.get(), low, start, mapping.priority.get(), sums);
            walk(mapping.right.get(), end, high, mapping.priority.get(), sums);
        }
        let mut sums = (0, 0);
        walk(self.root.get(), 0, usize::MAX, u32::MAX, &mut sums);
        assert_eq!(sums, (self.count, self.bytes));
    }
}

/// A metadata pool for one test.
fn pool() -> &'static Mutex<Meta> {
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
            large.free(&os, meta, inside);
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
        large.free(&os, meta, mapping);
    }
    assert!(large.stuck.get().is_some());
    os.refill(usize::MAX);
    for _ in 0..4 {
        let start = large.alloc(&os, meta, 10, 16).expect("memory");
        let mapping = large.find(start.addr().get()).expect("it");
        large.free(&os, meta, mapping);
    }
    assert!(large.stuck.get().is_none());
    assert_eq!(large.count + large.bytes, 0);
}

/// Allocates, resizes and frees mappings of all kinds; nothing is left in the tree.
fn scenario(large: &mut Large, os: &Mock, meta: &'static Mutex<Meta>) {
    let page = os.page();
    let sizes = [(1, 16), (300_000, 16), (5000, 8 * page), (1 << 20, 1 << 22), (70_000, 64 * page)];
    let starts: Vec<_> = sizes.iter().filter_map(|&(bytes, align)| large.alloc(os, meta, bytes, align)).collect();
    for (nth, start) in starts.into_iter().enumerate() {
        let mapping = large.find(start.addr().get()).expect("it is there");
        let before = (mapping.address(), mapping.bytes(), mapping.requested());
        let bytes = [100, 200_000, 3 << 20][nth % 3];
        if large.resize(os, mapping, bytes).is_none() {
            assert_eq!((mapping.address(), mapping.bytes(), mapping.requested()), before);
        }
        large.check_invariants();
        large.free(os, meta, mapping);
        large.check_invariants();
    }
    assert_eq!(large.count + large.bytes, 0);
}

#[test]
fn every_call_fails_in_turn_and_nothing_is_lost() {
    for fail in [Mock::refill, Mock::fail_after] {
        for round in 0.. {
            let (os, meta, mut large) = (Mock::unlimited(), pool(), Large::new());
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

#[test]
fn every_failure_leaves_the_tree_whole() {
    for budget in 0..8 {
        let (os, meta, mut large) = (Mock::with_budget(budget), pool(), Large::new());
        let first = large.alloc(&os, meta, 1 << 20, 1 << 21);
        large.check_invariants();
        if let Some(mapping) = first.and_then(|start| large.find(start.addr().get())) {
            let resized = large.resize(&os, mapping, 3 << 20);
            assert_eq!(mapping.requested(), if resized.is_some() { 3 << 20 } else { 1 << 20 });
            large.check_invariants();
        }
    }
}
