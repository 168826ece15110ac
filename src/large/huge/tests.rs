//! Which LARGE blocks get huge pages, and what then happens to their mappings.

#![expect(unsafe_code, reason = "reads and writes blocks")]

use super::super::tests::{pool, stay};
use super::*;
use crate::os::mock::{Kind, Mock};
use std::sync::atomic::Ordering::Relaxed;

/// Mappings on an OS that says of all memory whether it was touched.
struct World {
    /// The OS.
    os: Mock,
    /// The metadata.
    meta: &'static Mutex<Meta>,
    /// The mappings.
    large: Large,
}

impl World {
    /// One where every block is filled, or none.
    fn new(filled: bool) -> Self {
        let (os, meta, mut large) = (Mock::unlimited(), pool(), Large::new());
        os.touched.store(filled, Relaxed);
        large.huge_pages = true;
        Self { os, meta, large }
    }

    /// One where filling blocks of `bytes` has become a habit, and what has huge pages is not touched any more.
    fn with_habit(bytes: usize) -> Self {
        let mut world = Self::new(true);
        assert!((0..3).all(|_| !world.pass(bytes)));
        world
    }

    /// A block comes and goes, and its mapping too. Whether it had huge pages.
    fn pass(&mut self, bytes: usize) -> bool {
        let block = self.alloc(bytes);
        let huge = block.huge.get();
        self.free(block);
        self.large.expire(&self.os, self.meta, stay(0));
        huge
    }

    /// A new block.
    fn alloc(&mut self, bytes: usize) -> &'static Mapping {
        let start = self.large.alloc(&self.os, self.meta, bytes, 16).expect("memory");
        self.at(start)
    }

    /// A block in a freed mapping.
    fn reuse(&mut self, bytes: usize) -> &'static Mapping {
        let start = self.large.reuse(&self.os, self.meta, bytes).expect("a freed mapping");
        self.at(start)
    }

    /// The mapping of the block at `start`.
    fn at(&self, start: NonNull<u8>) -> &'static Mapping {
        self.large.check_invariants();
        self.large.find(start.addr().get()).expect("a mapping")
    }

    /// Frees a block; its mapping waits.
    fn free(&mut self, mapping: &'static Mapping) {
        self.large.free_at(&self.os, self.meta, NonNull::new(mapping.start()).expect("a block"), 1000);
    }

    /// Which of the next blocks get huge pages.
    fn next(&mut self, count: usize, bytes: usize) -> Vec<bool> {
        (0..count).map(|_| self.alloc(bytes).huge.get()).collect()
    }
}

/// Bytes of blocks that are multiples of a huge page, and of others with a tail that tells.
const EVEN: usize = 8 << 20;
const ODD: usize = EVEN + (128 << 10);

#[test]
fn blocks_of_programs_that_fill_them_get_huge_pages() {
    let mut world = World::with_habit(EVEN);
    let next: Vec<_> = (0..17).map(|_| world.pass(EVEN)).collect();
    // Seven, a probe, seven more once that was seen filled, and so on.
    assert_eq!(next, [[true; 7].as_slice(), &[false], &[true; 7], &[false], &[true]].concat());
    assert_eq!(world.os.calls(Kind::Advise), 15);
    let last = world.alloc(EVEN);
    assert_eq!((last.address() % HUGE, last.bytes(), last.fresh.get()), (0, EVEN, 0));
}

#[test]
fn live_blocks_tell_when_the_next_one_comes() {
    let mut world = World::new(true);
    assert_eq!(world.next(12, EVEN), [[false; 3].as_slice(), &[true; 7], &[false], &[true]].concat());
    // Not filled yet means nothing, and the end of the block is looked at as ever.
    let mut world = World::new(true);
    assert_eq!(world.next(2, EVEN), [false; 2]);
    let young = world.alloc(EVEN);
    world.os.touched.store(false, Relaxed);
    assert_eq!(world.next(1, EVEN), [false]);
    world.os.touched.store(true, Relaxed);
    assert_eq!(world.next(1, EVEN), [true]);
    assert_eq!(young.fresh.get(), EVEN);
    world.os.touched.store(false, Relaxed);
    world.free(young);
    world.os.touched.store(true, Relaxed);
    assert_eq!(world.next(1, EVEN), [false]);
    // One that is not filled is looked at once, and no more.
    let mut world = World::new(false);
    let first = world.alloc(EVEN);
    assert!(world.large.young.is(first));
    let second = world.alloc(EVEN);
    assert!(world.large.young.is(second));
    world.free(first);
    world.reuse(EVEN);
    assert!(world.large.young.is(second), "nothing new came");
    world.large.look_at_young(&world.os, EVEN);
    assert!(world.large.young.get().is_none());
    // Once for each block: what was freed is not looked at.
    let mut world = World::new(true);
    let block = world.alloc(EVEN);
    assert_eq!(world.next(1, EVEN), [false]);
    assert_eq!(block.fresh.get(), 0);
    let second = world.alloc(EVEN);
    world.free(second);
    assert!(world.large.young.get().is_none());
}

#[test]
fn what_lies_behind_huge_pages_tells_too() {
    let mut world = World::with_habit(ODD);
    assert!((0..30).all(|_| world.pass(ODD)), "no probe is needed");
    // Not filled when it is freed: the next one is a probe, and as that is filled the habit goes on.
    world.os.touched.store(false, Relaxed);
    assert!(world.pass(ODD));
    world.os.touched.store(true, Relaxed);
    assert!(!world.pass(ODD) && world.pass(ODD));
}

#[test]
fn blocks_that_are_used_sparsely_get_none() {
    let mut world = World::new(false);
    assert!((0..20).all(|_| !world.pass(EVEN)));
    // Nor after a habit, but for the blocks that were promised.
    let mut world = World::with_habit(EVEN);
    world.next(1, EVEN);
    world.os.touched.store(false, Relaxed);
    assert_eq!((0..20).filter(|_| world.pass(EVEN)).count(), 6);
    // That ended it: it takes three filled ones to make one.
    world.os.touched.store(true, Relaxed);
    assert_eq!([0; 4].map(|_| world.pass(EVEN)), [false, false, false, true]);
}

#[test]
fn memory_that_was_resident_before_is_no_evidence() {
    let mut world = World::new(true);
    let mut block = world.alloc(EVEN);
    for _ in 0..10 {
        world.free(block);
        block = world.reuse(EVEN);
        assert_eq!(block.fresh.get(), 0);
    }
    // Two more make it three.
    assert_eq!([0; 3].map(|_| world.pass(EVEN)), [false, false, true]);
    // What a reused mapping grew by is.
    let mut world = World::new(true);
    for nth in 1..3 {
        let block = world.alloc(EVEN);
        world.os.touched.store(false, Relaxed);
        block.fresh.set(0);
        world.free(block);
        world.os.touched.store(true, Relaxed);
        let grown = world.reuse((nth + 2) * EVEN);
        assert_eq!(grown.fresh.get(), (nth + 1) * EVEN);
        world.free(grown);
        world.large.expire(&world.os, world.meta, stay(0));
    }
    assert_eq!([0; 2].map(|_| world.pass(EVEN)), [false, true]);
}

#[test]
fn short_blocks_and_short_growth_get_none() {
    let mut world = World::with_habit(4 << 20);
    assert_eq!(world.next(1, (4 << 20) - 4096), [false]);
    assert_eq!(world.next(1, 4 << 20), [true]);
    // A page more takes no trust and changes nothing; it tells something when there are more of them.
    let mut world = World::with_habit(EVEN);
    let block = world.alloc(EVEN);
    world.os.touched.store(false, Relaxed);
    for nth in 1..20 {
        world.large.resize(&world.os, world.meta, block, EVEN + nth * 4096).expect("room");
        assert!(block.huge.get() && block.fresh.get() == nth * 4096);
    }
    assert_eq!(world.next(7, EVEN), [true, true, true, true, true, true, false]);
}

#[test]
fn a_mapping_with_huge_pages_is_cut_and_grown_by_whole_ones() {
    let mut world = World::with_habit(ODD);
    let block = world.alloc(ODD);
    assert!(block.huge.get());
    let start = block.address();
    world.free(block);
    // Within an eighth, up to the next whole one; else where the block ends.
    let short = world.reuse(6 << 20);
    assert_eq!((short.address(), short.bytes()), (start, 6 << 20));
    let rest = world.large.kept.iter().next().expect("the rest");
    assert_eq!((rest.bytes(), rest.huge.get()), (ODD - (6 << 20), true));
    world.free(short);
    let near = world.reuse((6 << 20) - (512 << 10));
    assert_eq!(near.bytes(), 6 << 20);
    world.free(near);
    let far = world.reuse(5 << 20);
    assert_eq!(far.bytes(), 5 << 20);
    world.free(far);
    // Grown, it loses the rest behind its huge pages first, and gets as many as the block needs.
    assert_eq!(world.large.kept(), ODD);
    let unmapped = world.os.calls(Kind::Unmap);
    let long = world.reuse((12 << 20) - (256 << 10));
    assert_eq!(world.os.calls(Kind::Unmap), unmapped + 1);
    assert_eq!((long.huge.get(), long.bytes(), long.fresh.get()), (true, 12 << 20, 0));
    assert!(world.os.prepared_within_reservations());
}

#[test]
fn realloc_keeps_the_content_and_goes_on_in_huge_pages() {
    let mut world = World::with_habit(EVEN);
    let block = world.alloc(EVEN - 4096);
    // SAFETY: the block is that long.
    unsafe { block.start().write_bytes(7, EVEN - 4096) };
    let grown = world.large.resize(&world.os, world.meta, block, 2 * EVEN + 5).expect("room");
    // SAFETY: the block is longer than that.
    let content = unsafe { core::slice::from_raw_parts(grown.as_ptr(), EVEN) };
    assert!(content[..EVEN - 4096].iter().all(|&byte| byte == 7));
    assert!(block.huge.get() && block.bytes() == 2 * EVEN + 4096);
    // Without trust, what it grows by comes in small pages, and tells.
    world.large.filled.doubt();
    world.large.resize(&world.os, world.meta, block, 4 * EVEN).expect("room");
    assert!(!block.huge.get());
    assert_eq!(block.fresh.get(), 2 * EVEN);
}

#[test]
fn pages_of_two_kinds_stay_two_mappings() {
    let mut world = World::with_habit(EVEN);
    let block = world.alloc(EVEN);
    world.free(block);
    let first = world.reuse(4 << 20);
    first.huge.set(false);
    world.free(first);
    assert_eq!(world.large.kept.iter().count(), 2);
}

#[test]
fn only_whole_huge_pages_go_back_early() {
    let mut world = World::with_habit(40 << 20);
    let block = world.alloc(40 << 20);
    assert!(block.huge.get());
    world.os.clock.store(5, Relaxed);
    world.free(block);
    // 32 MiB may wait; as an eighth of what is in use is less.
    assert_eq!(world.large.kept(), 32 << 20);
    let odd = stay(1000).bytes - (1 << 20);
    world.large.expire(&world.os, world.meta, crate::large::Stay { delay: 1000, bytes: odd });
    assert_eq!(world.large.kept(), 30 << 20);
}

#[test]
fn nothing_is_looked_at_without_the_option() {
    let mut world = World::new(true);
    world.large.huge_pages = false;
    assert_eq!(world.next(10, EVEN), [false; 10]);
    assert!((0..10).all(|_| !world.pass(EVEN)) && world.os.calls(Kind::Advise) == 0);
}

#[test]
fn blocks_come_in_small_pages_where_there_are_no_others() {
    let mut world = World::with_habit(EVEN);
    world.os.refuse(Kind::Advise, true);
    assert_eq!(world.next(10, EVEN), [false; 10]);
    world.large.check_invariants();
}
