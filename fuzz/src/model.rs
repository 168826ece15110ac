//! The live blocks with their contents, and what has to come of each step.

#![allow(unsafe_code, reason = "calls of the library")]

use core::ffi::c_int;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;

use super::content;
use super::ffi::{self, info};
use super::said::Said;
use super::sequence::{Op, Step};
use super::table::{ALLOCATORS, Made, RELEASES, allocate};

/// Bytes that a sequence fills at most; then all blocks are small.
const BUDGET: usize = 8 << 20;

/// Live blocks at most.
const MOST: usize = 6000;

/// Pointers that were freed, to be tried again.
const FREED: usize = 4096;

/// What `errno` is before each call.
const BEFORE: c_int = 1234;

/// A live block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    /// Where it is.
    pub(crate) start: *mut u8,
    /// Bytes asked for.
    pub(crate) requested: usize,
    /// Bytes that may be used.
    pub(crate) usable: usize,
    /// What its address is a multiple of.
    pub(crate) align: usize,
    /// Which content it has.
    fill: u8,
}

// SAFETY: one thread at a time has the block.
unsafe impl Send for Block {}

/// The model. In turn there is one, which follows the threads; with all threads at once each has its own.
pub(crate) struct Model {
    /// The live blocks, in no order that depends on addresses.
    pub(crate) blocks: Vec<Block>,
    /// Where each starts and ends.
    ranges: BTreeMap<usize, usize>,
    /// Pointers that were freed.
    pub(crate) freed: Vec<usize>,
    /// Blocks for other threads, while all run at once.
    pool: Option<Arc<Mutex<Vec<Block>>>>,
    /// What the library says; `None` while all threads run at once.
    pub(crate) said: Option<Said>,
    /// Messages that are due since then.
    pub(crate) due: usize,
    /// Bytes filled so far.
    spent: usize,
    /// Blocks so far.
    made: usize,
    /// Which byte new blocks are filled with, and in which thread for certain.
    perturb: Option<(ThreadId, u8)>,
}

/// Sets this thread's `errno`.
fn set_errno(value: c_int) {
    errno::set_errno(errno::Errno(value));
}

/// What `call` gives; it must set `errno` to this.
pub(crate) fn setting<T>(expected: c_int, call: impl FnOnce() -> T) -> T {
    set_errno(BEFORE);
    let result = call();
    assert_eq!(errno::errno().0, expected, "errno");
    result
}

/// What `call` gives; it must keep `errno`.
pub(crate) fn keeping<T>(call: impl FnOnce() -> T) -> T {
    setting(BEFORE, call)
}

/// The usable size of a live block.
fn usable(start: *mut u8) -> usize {
    // SAFETY: a live block.
    keeping(|| unsafe { ffi::malloc_usable_size(start.cast()) })
}

impl Model {
    /// No blocks. `pool` is there when all threads run at once.
    pub(crate) fn new(said: Option<Said>, pool: Option<Arc<Mutex<Vec<Block>>>>) -> Self {
        Self {
            blocks: Vec::new(),
            ranges: BTreeMap::new(),
            freed: Vec::new(),
            pool,
            said,
            due: 0,
            spent: 0,
            made: 0,
            perturb: None,
        }
    }

    /// Does these steps.
    pub(crate) fn run_all(&mut self, steps: &[Step]) {
        for step in steps {
            self.run(step);
        }
    }

    /// Does one step.
    fn run(&mut self, step: &Step) {
        match step.op {
            Op::Allocate => self.allocate(step, step.size()),
            Op::AllocateMany => {
                let size = step.size() % 4097;
                (0..=step.pick % 512).for_each(|_| self.allocate(step, size));
            }
            Op::Resize => self.resize(step),
            Op::Free => self.free(step.pick, step.form),
            Op::FreeMany => {
                let (stride, mut nth) = (1 + step.amount % 7, step.pick % 64);
                while nth < self.blocks.len() {
                    self.free(nth, step.form);
                    nth += stride;
                }
            }
            Op::Impossible => self.impossible(step),
            Op::Look => self.look(step.pick),
            Op::Freed | Op::Inside | Op::Near | Op::Foreign | Op::WrongSize | Op::WrongAlign => self.misuse(step),
            Op::Trim => {
                let went = keeping(|| info::malloc_trim(step.amount % (1 << 22)));
                assert!(went == 0 || went == 1);
            }
            Op::Tune => self.tune(step),
            Op::Report => self.report(step),
            Op::Give => self.give(step.pick),
            Op::Take => self.take_from_pool(step),
            Op::End => {}
        }
    }

    /// The block of this number.
    pub(crate) fn block(&self, pick: usize) -> Option<Block> {
        self.blocks.get(pick % self.blocks.len().max(1)).copied()
    }

    /// Start and end of the live block around `address`.
    pub(crate) fn around(&self, address: usize) -> Option<(usize, usize)> {
        let (&start, &end) = self.ranges.range(..=address).next_back()?;
        (address < end).then_some((start, end))
    }

    /// Adds a live block, which overlaps no other.
    pub(crate) fn insert(&mut self, block: Block) {
        let (start, end) = (block.start.addr(), block.start.addr() + block.usable.max(1));
        let before = self.ranges.range(..end).next_back();
        assert!(before.is_none_or(|(_, &other)| other <= start), "{block:?} overlaps {before:x?}");
        self.ranges.insert(start, end);
        self.blocks.push(block);
    }

    /// Takes a live block out.
    fn remove(&mut self, pick: usize) -> Option<Block> {
        let nth = pick % self.blocks.len().max(1);
        let block = (nth < self.blocks.len()).then(|| self.blocks.swap_remove(nth))?;
        self.ranges.remove(&block.start.addr());
        Some(block)
    }

    /// A block, unless there are enough.
    fn allocate(&mut self, step: &Step, size: usize) {
        if self.blocks.len() >= MOST {
            return;
        }
        let size = if self.spent + size > BUDGET { size % 129 } else { size };
        let made = keeping(|| allocate(step.form % ALLOCATORS, size, step.align()));
        let block = self.check_new(&made);
        self.insert(block);
    }

    /// Checks what is promised of every new block, and fills it.
    fn check_new(&mut self, made: &Made) -> Block {
        assert!(!made.block.is_null(), "no block of {} bytes", made.requested);
        assert!(made.block.addr().is_multiple_of(made.align), "{:?} is not aligned to {}", made.block, made.align);
        let usable = usable(made.block);
        assert!(usable >= made.requested, "{usable} bytes for {}", made.requested);
        if made.zeroed {
            assert!(content::is_all(made.block, made.requested, 0), "{} bytes are not cleared", made.requested);
        } else if let Some((thread, byte)) = self.perturb
            && thread == std::thread::current().id()
        {
            assert!(content::is_all(made.block, made.requested, !byte), "M_PERTURB");
        }
        self.made += 1;
        self.spent += usable;
        let fill = self.made.to_le_bytes()[0];
        content::write(made.block, usable, fill, 0);
        Block { start: made.block, requested: made.requested, usable, align: made.align, fill }
    }

    /// Checks that a block is as it should be.
    fn check(block: &Block) {
        assert_eq!(usable(block.start), block.usable, "{block:?} has another usable size");
        assert!(content::is_intact(block.start, block.usable, block.fill), "{block:?} has another content");
    }

    /// Looks at a block.
    fn look(&self, pick: usize) {
        self.block(pick).iter().for_each(Self::check);
    }

    /// Looks at all blocks.
    pub(crate) fn check_all(&self) {
        self.blocks.iter().for_each(Self::check);
    }

    /// Another size for a block.
    fn resize(&mut self, step: &Step) {
        let Some(block) = self.remove(step.pick) else { return };
        Self::check(&block);
        let size = if self.spent + step.size() > BUDGET { step.size() % 129 } else { step.size() };
        let old = block.start.cast();
        let moved = keeping(|| match step.form % 2 {
            // SAFETY: a live block, of which only the result is used from here on.
            0 => unsafe { ffi::realloc(old, size) },
            // SAFETY: as above.
            _ => unsafe { ffi::reallocarray(old, 1, size) },
        });
        let start: *mut u8 = moved.cast();
        if size == 0 {
            assert!(start.is_null(), "realloc to no bytes frees");
            return self.note_freed(block.start.addr());
        }
        assert!(!start.is_null() && start.addr().is_multiple_of(16));
        let (before, usable) = (block.usable.min(size), usable(start));
        assert!(usable >= size && content::is_intact(start, before, block.fill), "{block:?} lost its content");
        content::write(start, usable, block.fill, before);
        self.spent += usable - before;
        if start != block.start {
            self.note_freed(block.start.addr());
        }
        self.insert(Block { start, requested: size, usable, align: 16, fill: block.fill });
    }

    /// Keeps a pointer that was freed.
    fn note_freed(&mut self, address: usize) {
        if self.freed.len() < FREED {
            self.freed.push(address);
        }
    }

    /// Frees a block with function number `form`.
    pub(crate) fn free(&mut self, pick: usize, form: usize) {
        let Some(block) = self.remove(pick) else { return };
        Self::check(&block);
        let release = &RELEASES[form % RELEASES.len()];
        keeping(|| (release.call)(block.start.cast(), block.requested, block.align));
        self.note_freed(block.start.addr());
    }

    /// A request that cannot be served.
    fn impossible(&mut self, step: &Step) {
        let huge = [usize::MAX, isize::MAX.unsigned_abs() + 1, usize::MAX - 65_536, 1 << 62];
        let huge = huge[step.amount % huge.len()] - step.amount / 4 % 100;
        let crooked = 3 * (1 + step.amount % 1000);
        let old = self.block(step.pick).map_or(core::ptr::null_mut(), |block| block.start.cast());
        let mut untouched = old;
        let block = match step.form % 14 {
            0 => setting(libc::ENOMEM, || ffi::malloc(huge)),
            1 => setting(libc::ENOMEM, || ffi::calloc(huge, 1)),
            // The product of these two is small, modulo 2^64.
            2 => setting(libc::ENOMEM, || ffi::calloc((1 << 62) + step.amount % 100, 4)),
            // SAFETY: here and below: nothing is resized or written.
            3 => setting(libc::ENOMEM, || unsafe { ffi::realloc(old, huge) }),
            // SAFETY: as above.
            4 => setting(libc::ENOMEM, || unsafe { ffi::reallocarray(old, (1 << 60) + step.amount % 100, 16) }),
            5 => setting(libc::ENOMEM, || ffi::aligned_alloc(step.align(), huge)),
            6 => setting(libc::EINVAL, || ffi::aligned_alloc(crooked, 8)),
            7 => setting(libc::EINVAL, || ffi::memalign(0, 8)),
            8 => setting(libc::ENOMEM, || ffi::valloc(huge)),
            9 => setting(libc::ENOMEM, || ffi::pvalloc(huge)),
            10 => {
                // SAFETY: as above.
                let error = keeping(|| unsafe { ffi::posix_memalign(&raw mut untouched, step.align().max(8), huge) });
                assert!(error == libc::ENOMEM && untouched == old);
                core::ptr::null_mut()
            }
            11 => {
                let align = [0, 1, 2, 4, crooked][step.amount % 5];
                // SAFETY: as above.
                let error = keeping(|| unsafe { ffi::posix_memalign(&raw mut untouched, align, 8) });
                assert!(error == libc::EINVAL && untouched == old);
                core::ptr::null_mut()
            }
            12 => ffi::cxx::_ZnwmRKSt9nothrow_t(huge, core::ptr::null()),
            _ => ffi::cxx::_ZnwmSt11align_val_tRKSt9nothrow_t(8, crooked, core::ptr::null()),
        };
        assert!(block.is_null(), "{block:?} for a request that cannot be served");
        self.look(step.pick);
    }

    /// `mallopt`.
    fn tune(&mut self, step: &Step) {
        let value = c_int::try_from(step.amount % (1 << 27)).expect("28 bits");
        match step.form % 5 {
            0 => assert_eq!(keeping(|| info::mallopt(-3, value)), c_int::from((1025..=32 << 20).contains(&value))),
            1 => assert_eq!(keeping(|| info::mallopt(-1, value)), 1),
            2 => {
                let byte = value.to_le_bytes()[0];
                assert_eq!(keeping(|| info::mallopt(-6, value)), 1);
                self.perturb = (byte != 0 && self.pool.is_none()).then(|| (std::thread::current().id(), byte));
            }
            // What nobody knows, and what is out of range.
            3 => assert_eq!(keeping(|| info::mallopt(-9, value)), 0),
            _ => assert_eq!(keeping(|| info::mallopt(-3, -1 - value)), 0),
        }
    }

    /// Everything `mallopt` may have changed is as at the start.
    pub(crate) fn tune_back(&mut self) {
        for (parameter, value) in [(-3, 4 << 20), (-1, 32 << 20), (-6, 0)] {
            assert_eq!(info::mallopt(parameter, value), 1);
        }
        self.perturb = None;
    }

    /// Gives a block to other threads.
    fn give(&mut self, pick: usize) {
        let Some(pool) = self.pool.clone() else { return };
        if let Some(block) = self.remove(pick) {
            pool.lock().expect("no panic").push(block);
        }
    }

    /// Takes a block of another thread's.
    fn take_from_pool(&mut self, step: &Step) {
        let Some(pool) = &self.pool else { return self.look(step.pick) };
        let taken = pool.lock().expect("no panic").pop();
        if let Some(block) = taken {
            self.insert(block);
            self.free(self.blocks.len() - 1, step.form);
        }
    }
}
