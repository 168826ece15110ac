//! Random operations against a naive model: the live blocks with their contents, sorted by address.

#![expect(unsafe_code, reason = "writes the memory of blocks")]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::os::mock::Random;
use crate::size_class::{Class, GRANULE, MEDIUM_MAX, MIN_ALIGN};

/// Bytes of the repeated pattern.
const PERIOD: usize = 64 << 10;

/// What blocks are filled with: a piece of this, repeated, from an offset that is the block's own.
static PATTERN: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut random = Random::new(1);
    (0..PERIOD + 256).map(|_| crate::ptr::low8(random.below(256))).collect()
});

/// A live block as the test knows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// Where it is.
    pub(super) start: NonNull<u8>,
    /// Bytes asked for.
    pub(super) requested: usize,
    /// Bytes that may be used.
    usable: usize,
    /// Offset of its content in the pattern.
    fill: u8,
}

// SAFETY: a block may be used by whatever thread has it.
unsafe impl Send for Known {}

// SAFETY: the tests change a block in one thread at a time.
unsafe impl Sync for Known {}

impl Known {
    /// A block that was just allocated: checks what is promised of every new block, and fills it.
    pub(super) fn new(block: *mut u8, requested: usize, align: usize, fill: u8) -> Self {
        let start = NonNull::new(block).expect("memory");
        assert!(start.addr().get().is_multiple_of(align.max(MIN_ALIGN)));
        let found = Block::at(start).expect("a live block");
        assert_eq!(found.requested(), requested);
        let mut known = Self { start, requested, usable: found.usable(), fill };
        assert!(known.usable >= requested);
        known.write(0);
        known
    }

    /// Writes the content from byte `from` on.
    fn write(&mut self, from: usize) {
        let at = usize::from(self.fill);
        // SAFETY: the block is live and this test's alone; memory of the heap is initialised, if only by the OS.
        let bytes = unsafe { core::slice::from_raw_parts_mut(self.start.as_ptr(), self.usable) };
        for (nth, chunk) in bytes.chunks_mut(PERIOD).enumerate().skip(from / PERIOD) {
            chunk.copy_from_slice(&PATTERN[(at + nth) % 256..][..chunk.len()]);
        }
    }

    /// Whether the first `count` bytes are what was written.
    fn is_intact(&self, count: usize) -> bool {
        let at = usize::from(self.fill);
        // SAFETY: as in `write`.
        let bytes = unsafe { core::slice::from_raw_parts(self.start.as_ptr(), count) };
        let mut chunks = bytes.chunks(PERIOD).enumerate();
        chunks.all(|(nth, chunk)| chunk == &PATTERN[(at + nth) % 256..][..chunk.len()])
    }

    /// Checks that the block is as it should be.
    pub(super) fn check(&self) {
        let found = Block::at(self.start).expect("still live");
        assert_eq!((found.requested(), found.usable()), (self.requested, self.usable));
        assert!(self.is_intact(self.usable), "{self:?} has another content");
    }

    /// Resizes the block.
    pub(super) fn resize(&mut self, requested: usize) {
        self.check();
        let before = self.usable.min(requested);
        self.start = realloc(self.start, requested).ok().flatten().expect("memory");
        let found = Block::at(self.start).expect("a live block");
        assert_eq!(found.requested(), requested);
        (self.requested, self.usable) = (requested, found.usable());
        assert!(self.usable >= requested && self.is_intact(before), "{self:?} lost its content");
        self.write(before);
    }

    /// Frees the block.
    pub(super) fn free(self) {
        self.check();
        free(self.start.as_ptr(), Call::Free);
    }
}

impl Known {
    /// Frees a block that was freed before.
    pub(super) fn free_again(self) {
        free(self.start.as_ptr(), Call::Free);
    }
}

/// One step of the test. `nth` chooses a live block.
#[derive(Clone, Debug)]
enum Op {
    /// `malloc`.
    Alloc(usize),
    /// `calloc`.
    Zeroed(usize),
    /// `memalign` to a power of two.
    Aligned(u32, usize),
    /// `realloc`.
    Resize(usize, usize),
    /// `free`.
    Free(usize),
    /// A pointer into a live block.
    Inside(usize, usize),
    /// A pointer that was freed.
    Freed(usize),
    /// A pointer to something else.
    Foreign(usize),
    /// `malloc_trim`.
    Trim,
}

/// The naive model.
#[derive(Default)]
struct Model {
    /// Live blocks by address.
    live: BTreeMap<usize, Known>,
    /// Addresses that were freed once.
    freed: Vec<NonNull<u8>>,
    /// Operations so far.
    steps: usize,
}

impl Model {
    /// Does one operation.
    fn run(&mut self, op: &Op) {
        self.steps += 1;
        let fill = crate::ptr::low8(self.steps);
        match *op {
            Op::Alloc(bytes) => self.insert(Known::new(alloc(bytes), bytes, 1, fill)),
            Op::Zeroed(bytes) => {
                let block = alloc_zeroed(bytes);
                // SAFETY: a new block of this size that reads as zero.
                let content = unsafe { core::slice::from_raw_parts(block, bytes) };
                assert!(is_zero(content), "{bytes} bytes are not cleared");
                self.insert(Known::new(block, bytes, 1, fill));
            }
            Op::Aligned(log, bytes) => {
                self.insert(Known::new(alloc_aligned(1 << log, bytes), bytes, 1 << log, fill));
            }
            Op::Resize(nth, bytes) => {
                if let Some(mut known) = self.remove(nth) {
                    known.resize(bytes.max(1));
                    self.insert(known);
                }
            }
            Op::Free(nth) => {
                if let Some(known) = self.remove(nth) {
                    known.free();
                    self.freed.push(known.start);
                }
            }
            Op::Inside(nth, offset) => {
                if let Some(known) = self.remove(nth) {
                    self.insert(known);
                    // A block of no bytes has no inside.
                    if known.usable < 2 {
                        return;
                    }
                    let offset = 1 + offset % (known.usable - 1);
                    let start = known.start.addr().get();
                    let misuse = Self::misuse(known.start.map_addr(|_| known.start.addr().saturating_add(offset)));
                    let Misuse::Inside { start: found, live: true, .. } = misuse else { panic!("{misuse:?}") };
                    assert_eq!(found, start);
                }
            }
            Op::Freed(nth) => {
                if let Some(&block) = self.freed.get(nth % self.freed.len().max(1))
                    && !self.live.contains_key(&block.addr().get())
                {
                    Self::misuse(block);
                }
            }
            Op::Foreign(nth) => self.foreign(nth),
            Op::Trim => {
                trim(0);
            }
        }
    }

    /// Tries a pointer that never was one of the heap's.
    fn foreign(&self, nth: usize) {
        static STATIC: u64 = 7;
        let boxed = Box::new([0_u8; 100]);
        let pointers: [*const u8; 8] = [
            (&raw const *self).cast(),
            (&raw const STATIC).cast(),
            boxed.as_ptr(),
            boxed.as_ptr().wrapping_add(3),
            core::ptr::without_provenance(16),
            core::ptr::without_provenance(1),
            core::ptr::without_provenance(usize::MAX & !15),
            core::ptr::without_provenance(1 << 47),
        ];
        let pointer = NonNull::new(pointers[nth % pointers.len()].cast_mut()).expect("not null");
        let misuse = Self::misuse(pointer);
        assert_eq!(misuse, Misuse::Foreign);
    }

    /// Uses a pointer that is no live block: nothing may happen. Returns what the heap says it is.
    fn misuse(pointer: NonNull<u8>) -> Misuse {
        let Err(misuse) = Block::at(pointer) else { panic!("{pointer:?} is no live block") };
        free(pointer.as_ptr(), Call::Free);
        assert!(realloc(pointer, 100).is_err_and(|refused| refused.is_misuse()));
        assert!(realloc(pointer, 0).is_err_and(|refused| refused.is_misuse()));
        misuse
    }

    /// Adds a live block, which overlaps no other.
    fn insert(&mut self, known: Known) {
        let (start, end) = (known.start.addr().get(), known.start.addr().get() + known.usable);
        let before = self.live.range(..end).next_back().map(|(_, before)| before);
        assert!(before.is_none_or(|before| before.start.addr().get() + before.usable <= start), "{known:?} {before:?}");
        self.live.insert(start, known);
    }

    /// Takes the `nth` live block out.
    fn remove(&mut self, nth: usize) -> Option<Known> {
        let address = *self.live.keys().nth(nth % self.live.len().max(1))?;
        self.live.remove(&address)
    }

    /// Checks everything: the blocks, what a walk of the heap finds, and the heap's own structures.
    fn check(&self) {
        self.live.values().for_each(Known::check);
        let expected: Vec<_> = self.live.iter().map(|(&start, known)| (start, known.requested)).collect();
        assert_eq!(walk(), expected, "a walk finds exactly the live blocks");
        check_heap();
    }

    /// Frees every block.
    fn clear(&mut self) {
        while let Some(known) = self.remove(0) {
            known.free();
        }
    }
}

/// Whether all bytes are zero.
pub(super) fn is_zero(bytes: &[u8]) -> bool {
    static ZEROS: [u8; PERIOD] = [0; PERIOD];
    bytes.chunks(PERIOD).all(|chunk| chunk == &ZEROS[..chunk.len()])
}

/// A size, many small ones and a few of every kind.
fn any_size() -> impl Strategy<Value = usize> {
    prop_oneof![
        6 => 0..=128_usize,
        4 => 129..=1024_usize,
        3 => 1025..=MEDIUM_MAX,
        2 => (MEDIUM_MAX + 1)..(8 * GRANULE),
        1 => (4_usize << 20)..(6 << 20),
    ]
}

/// An operation.
fn any_op() -> impl Strategy<Value = Op> {
    let nth = any::<usize>;
    prop_oneof![
        10 => any_size().prop_map(Op::Alloc),
        4 => any_size().prop_map(Op::Zeroed),
        3 => (4..=17_u32, any_size()).prop_map(|(log, bytes)| Op::Aligned(log, bytes)),
        5 => (nth(), any_size()).prop_map(|(nth, bytes)| Op::Resize(nth, bytes)),
        10 => nth().prop_map(Op::Free),
        1 => (nth(), nth()).prop_map(|(nth, offset)| Op::Inside(nth, offset)),
        1 => nth().prop_map(Op::Freed),
        1 => nth().prop_map(Op::Foreign),
        1 => Just(Op::Trim),
    ]
}

/// Runs sequences of operations in one heap, each sequence from no live block to none.
pub(super) fn run_sequences(cases: u32) {
    ignore_misuse();
    let config = ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 200, ..Default::default() };
    proptest!(config, |(ops in prop::collection::vec(any_op(), 1..120))| {
        let mut model = Model::default();
        for op in &ops {
            model.run(op);
            if model.steps % 8 == 0 {
                model.check();
            }
        }
        model.check();
        model.clear();
        model.check();
    });
    trim(0);
    check_heap();
    assert_eq!(HEAP.pages.lock().in_use, 0, "nothing is lost");
}

#[test]
fn random_operations_agree_with_the_model() {
    alone!(random_operations_agree_with_the_model, "", || run_sequences(100));
}
