//! Guards behind LARGE mappings.

use super::*;
use crate::large::huge::HUGE;

/// Mappings with guards on one OS.
struct World {
    /// The OS.
    os: Mock,
    /// The metadata.
    meta: &'static Mutex<Meta>,
    /// The mappings.
    large: Large,
}

impl World {
    /// One without mappings.
    fn new() -> Self {
        let mut large = Large::new();
        large.guards = true;
        Self { os: Mock::unlimited(), meta: pool(), large }
    }

    /// A new block.
    fn alloc(&mut self, bytes: usize) -> &'static Mapping {
        let start = self.large.alloc(&self.os, self.meta, bytes, 16);
        self.checked(start)
    }

    /// A block in a freed mapping.
    fn reuse(&mut self, bytes: usize) -> &'static Mapping {
        let start = self.large.reuse(&self.os, self.meta, bytes);
        self.checked(start)
    }

    /// The mapping of a block, written to the last byte that may be used.
    fn checked(&self, start: Option<NonNull<u8>>) -> &'static Mapping {
        let start = start.expect("memory");
        let mapping = self.large.find(start.addr().get()).expect("a mapping");
        self.large.check_invariants();
        self.large.check_guards(&self.os);
        // SAFETY: the block is that long.
        unsafe { start.write_bytes(1, mapping.usable()) };
        mapping
    }

    /// Frees a block; its mapping waits.
    fn free(&mut self, mapping: &'static Mapping) {
        self.large.free_at(&self.os, self.meta, NonNull::new(mapping.start()).expect("a block"), 1000);
    }

    /// Whether a guard begins where the last page of a block ends, and calls so far: installed and removed.
    fn guard_behind(&self, block: &Mapping) -> (bool, usize, usize) {
        let end = block.block() + block.requested().next_multiple_of(self.os.page());
        (self.os.guards_in(end, 1) == 1, self.os.calls(Kind::Guard), self.os.calls(Kind::Unguard))
    }
}

#[test]
fn a_guard_lies_behind_every_block_and_waits_with_its_mapping() {
    let mut world = World::new();
    let page = world.os.page();
    let block = world.alloc(8 << 20);
    assert_eq!((block.usable(), block.bytes()), (8 << 20, (8 << 20) + page));
    assert_eq!(world.guard_behind(block), (true, 1, 0));
    // A block of the same length costs no call.
    for _ in 0..3 {
        world.free(block);
        let again = world.reuse((8 << 20) - 100);
        assert_eq!((again.start(), world.guard_behind(again)), (block.start(), (true, 1, 0)));
    }
    // One that is longer by a page has it.
    world.free(block);
    let block = world.reuse((8 << 20) + page);
    assert_eq!((block.usable(), world.guard_behind(block)), ((8 << 20) + page, (false, 1, 1)));
}

#[test]
fn what_is_cut_has_a_guard_each_and_becomes_one_again() {
    let mut world = World::new();
    let page = world.os.page();
    let block = world.alloc(12 << 20);
    world.free(block);
    let first = world.reuse(4 << 20);
    let second = world.reuse(5 << 20);
    assert_eq!((world.guard_behind(first), world.guard_behind(second)), ((true, 3, 0), (true, 3, 0)));
    assert_eq!(second.address(), first.address() + (4 << 20) + page);
    world.free(first);
    world.free(second);
    let whole = world.reuse(12 << 20);
    assert_eq!((whole.bytes(), world.guard_behind(whole)), ((12 << 20) + page, (true, 3, 2)));
}

#[test]
fn a_resized_block_has_its_guard_where_it_ends() {
    let mut world = World::new();
    let block = world.alloc(8 << 20);
    for bytes in [9 << 20, 6 << 20, (6 << 20) + 1, 30 << 20, 5 << 20] {
        world.os.clock.fetch_add(100, Relaxed);
        let start = world.large.resize(&world.os, world.meta, block, bytes);
        let block = world.checked(start);
        assert!(world.guard_behind(block).0 && block.usable() == bytes.next_multiple_of(world.os.page()), "{bytes}");
    }
    // No call: what grows lets its guard go with the page, what shrinks too.
    assert_eq!(world.guard_behind(block).2, 0);
}

#[test]
fn a_guard_breaks_no_huge_page() {
    let mut world = World::new();
    world.large.huge_pages = true;
    world.os.touched.store(true, Relaxed);
    for _ in 0..3 {
        let block = world.alloc(8 << 20);
        world.free(block);
        world.large.expire(&world.os, world.meta, stay(0));
    }
    // None while the habit is sure: small pages would lie around it.
    for _ in 0..5 {
        let block = world.alloc(8 << 20);
        assert!(block.huge.get() && !world.guard_behind(block).0);
    }
    // Then behind the last one.
    let block = world.alloc(8 << 20);
    assert!(block.huge.get() && world.guard_behind(block).0 && block.address().is_multiple_of(HUGE));
    let start = world.large.resize(&world.os, world.meta, block, 16 << 20);
    let block = world.checked(start);
    assert!(block.huge.get() && world.guard_behind(block).0);
    // What is cut ends with a whole one, and without a guard.
    world.free(block);
    let short = world.reuse(6 << 20);
    assert_eq!((short.bytes(), short.guard.get(), short.huge.get()), (6 << 20, 0, true));
}

#[test]
fn refused_guards_hurt_nobody() {
    let mut world = World::new();
    world.os.refuse(Kind::Guard, true);
    let block = world.alloc(8 << 20);
    assert_eq!((block.usable(), block.guard.get()), (block.bytes(), 0));
    world.os.refuse(Kind::Guard, false);
    world.free(block);
    let block = world.reuse(6 << 20);
    assert!(world.guard_behind(block).0);
    // One that stays keeps its mapping to itself.
    world.os.refuse(Kind::Unguard, true);
    world.free(block);
    assert_eq!(world.large.kept.iter().count(), 2);
    assert!(world.large.reuse(&world.os, world.meta, (6 << 20) + 1).is_none());
    world.large.check_guards(&world.os);
    world.os.refuse(Kind::Unguard, false);
    world.reuse((6 << 20) + 1);
}

#[test]
fn few_guards_come_while_memory_is_used_again() {
    let mut world = World::new();
    let mut random = Random::new(5);
    let block = world.alloc(24 << 20);
    world.free(block);
    let calls = world.os.calls(Kind::Guard);
    for _ in 0..1000 {
        let start = world.large.reuse(&world.os, world.meta, (4 << 20) + random.below(8 << 20)).expect("memory");
        let mapping = world.large.find(start.addr().get()).expect("a mapping");
        world.large.free(&world.os, world.meta, mapping, stay(1000));
    }
    world.large.check_guards(&world.os);
    assert!(world.os.calls(Kind::Guard) - calls <= 16, "{} guards", world.os.calls(Kind::Guard) - calls);
}

#[test]
fn what_could_not_be_unmapped_comes_back_without_its_guard() {
    let mut world = World::new();
    let block = world.alloc(8 << 20);
    assert!(world.guard_behind(block).0);
    for kind in [Kind::Unmap, Kind::Map, Kind::Guard] {
        world.os.refuse(kind, true);
    }
    world.large.free(&world.os, world.meta, block, Stay::NONE);
    let again = world.alloc(8 << 20);
    assert_eq!((again.usable(), again.guard.get()), ((8 << 20) + world.os.page(), 0));
}
