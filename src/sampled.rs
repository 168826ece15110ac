//! Sampled blocks: a few allocations, chosen at random, each in a page of its own between two guard pages.
//!
//! Owns one reservation, inaccessible at first: guard, page, guard, page, …, guard. A live block ends where its page ends,
//! as far as its alignment allows, or starts where it starts; the rest of the page holds a pattern that is compared when
//! the block is freed. Freed pages become inaccessible, and are used again as late as possible: first in, first out over
//! all of them. So an overflow, an underflow and a use after free fault at once, or are seen at `free`.
//!
//! | state of a slot | its page | in the queue |
//! |---|---|---|
//! | unused | inaccessible | yes |
//! | live | readable and writable | no |
//! | freed | inaccessible | yes |
//!
//! Sizes, places and the two stacks are metadata. The queue is under a mutex of its own, a leaf in the lock order; all
//! else is read without it, by a signal handler too.

#![expect(unsafe_code, reason = "metadata becomes typed, and the rest of a page is written and read")]

mod stack;

use core::cell::Cell;
use core::ptr::NonNull;
use core::sync::atomic::Ordering;

use crate::meta::Meta;
use crate::os::Os;
use crate::ptr::{forward, low8, low16};
use crate::random;
use crate::sync::{AtomicU8, Link, Mutex, RelaxedPtr, RelaxedU8, RelaxedU16, RelaxedUsize};

pub(crate) use stack::Stack;

/// Slots: at most twice as many mappings of the 65,530 that Linux allows, and as many pages of memory.
pub(crate) const SLOTS: usize = 256;

/// State of a slot that was never used.
const UNUSED: u8 = 0;

/// State of a slot with a live block.
const LIVE: u8 = 1;

/// State of a slot whose block was freed.
const FREED: u8 = 2;

/// What is known of the block that a slot has or had last.
#[repr(C)]
pub(crate) struct Slot {
    /// Its first byte.
    start: RelaxedPtr<u8>,
    /// Bytes the program asked for.
    requested: RelaxedUsize,
    /// One of the states above.
    state: AtomicU8,
    /// What fills the rest of the page.
    pattern: RelaxedU8,
    /// Who allocated it.
    pub(crate) allocated: Stack,
    /// Who freed it.
    pub(crate) freed: Stack,
}

impl Slot {
    /// First byte of the block.
    pub(crate) fn start(&self) -> *mut u8 {
        self.start.get()
    }

    /// Bytes the program asked for, which are all that it may use.
    pub(crate) fn requested(&self) -> usize {
        self.requested.get()
    }

    /// Whether the block is live.
    pub(crate) fn is_live(&self) -> bool {
        self.state.load(Ordering::Acquire) == LIVE
    }

    /// Whether there ever was a block.
    pub(crate) fn is_known(&self) -> bool {
        self.state.load(Ordering::Acquire) != UNUSED
    }
}

/// All slots, and the order in which those without a live block will be used.
#[repr(C)]
struct Slots {
    /// By address.
    slots: [Slot; SLOTS],
    /// Numbers of slots, around [`Queue::head`].
    order: [RelaxedU16; SLOTS],
}

/// Which part of the order is waiting.
pub(crate) struct Queue {
    /// Where the next slot to be used is.
    head: usize,
    /// How many wait.
    length: usize,
}

/// Where an address lies.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    /// In a slot's page.
    Page(&'static Slot),
    /// In a guard page, between the slots before and behind it.
    Guard(Option<&'static Slot>, Option<&'static Slot>),
}

/// What was found around a block that was freed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rest {
    /// The pattern.
    Intact,
    /// Something else before the block.
    Before,
    /// Something else behind it.
    Behind,
}

/// The pool.
pub(crate) struct Sampled {
    /// First byte of the first guard; null while there is no pool.
    base: RelaxedPtr<u8>,
    /// The slots.
    slots: Link<Slots>,
    /// Those that wait to be used.
    pub(crate) queue: Mutex<Queue>,
}

impl Sampled {
    /// No pool.
    pub(crate) const fn new() -> Self {
        Self { base: RelaxedPtr::null(), slots: Link::none(), queue: Mutex::new(Queue { head: 0, length: 0 }) }
    }

    /// Makes the pool; `false` when the OS gives no memory for it.
    pub(crate) fn open(&'static self, os: &impl Os, meta: &'static Mutex<Meta>) -> bool {
        let mut queue = self.queue.lock();
        if !self.base.get().is_null() {
            return true;
        }
        let Some(memory) = meta.lock().take(os, size_of::<Slots>()) else { return false };
        let Some(base) = os.reserve(core::ptr::null_mut(), (2 * SLOTS + 1) * os.page()) else { return false };
        // SAFETY: all fields are atomics, for which zero is valid; metadata is aligned and never unmapped.
        let slots: &'static Slots = unsafe { memory.cast().as_ref() };
        slots.order.iter().enumerate().for_each(|(index, entry)| entry.set(low16(index)));
        queue.length = SLOTS;
        self.slots.set(Some(slots));
        self.base.set(base.as_ptr());
        true
    }

    /// Where `address` lies, if in the pool.
    pub(crate) fn place(&self, os: &impl Os, address: usize) -> Option<Place> {
        let base = self.base.get().addr();
        if base == 0 || address < base {
            return None;
        }
        let (page, slots) = ((address - base) / os.page(), &self.slots.get()?.slots);
        match page % 2 {
            _ if page > 2 * SLOTS => None,
            1 => slots.get(page / 2).map(Place::Page),
            _ => {
                Some(Place::Guard((page / 2).checked_sub(1).and_then(|before| slots.get(before)), slots.get(page / 2)))
            }
        }
    }

    /// A block of `bytes` at a multiple of `align` (a power of two, at least 16); `None` if it does not fit into a page, if
    /// all slots are live or the OS refuses.
    pub(crate) fn take(
        &'static self,
        os: &impl Os,
        random: &Cell<u64>,
        bytes: usize,
        align: usize,
    ) -> Option<&'static Slot> {
        let length = os.page();
        if bytes == 0 || bytes > length || align > length {
            return None;
        }
        let slots = self.slots.get()?;
        let (index, page) = {
            let mut queue = self.queue.lock();
            let index = slots.order.get(queue.head).filter(|_| queue.length > 0)?.get();
            let page = NonNull::new(self.base.get().wrapping_add((2 * usize::from(index) + 1) * length))?;
            if !os.prepare(page, length) {
                return None;
            }
            queue.head = (queue.head + 1) % SLOTS;
            queue.length -= 1;
            (usize::from(index), page)
        };
        let slot = slots.slots.get(index)?;
        let at_end = random::next(random) & 1 == 0;
        let offset = if at_end { (length - bytes) & !(align - 1) } else { 0 };
        slot.pattern.set(low8(random::below(random, 255) + 1));
        // SAFETY: the page is readable, writable and this slot's alone, and has so many bytes.
        unsafe { page.write_bytes(slot.pattern.get(), length) };
        slot.start.set(forward(page, offset).as_ptr());
        slot.requested.set(bytes);
        slot.allocated.record(os);
        slot.freed.clear();
        slot.state.store(LIVE, Ordering::Release);
        Some(slot)
    }

    /// Ends the block of a slot, and says what was around it; `None` if another thread has ended it.
    pub(crate) fn give(&'static self, os: &impl Os, slot: &'static Slot) -> Option<Rest> {
        let slots = self.slots.get()?;
        // Relaxed: who frees a block has found it live, and it waits in the queue, under its mutex, before it is another's.
        slot.state.compare_exchange(LIVE, FREED, Ordering::Relaxed, Ordering::Relaxed).ok()?;
        slot.freed.record(os);
        let index = (core::ptr::from_ref(slot).addr() - slots.slots.as_ptr().addr()) / size_of::<Slot>();
        let page = NonNull::new(self.base.get().wrapping_add((2 * index + 1) * os.page()))?;
        let rest = rest_of(slot, page, os.page());
        // Where the OS refuses, accesses go unseen; nothing else depends on it.
        os.purge(page, os.page());
        os.protect(page, os.page());
        let mut queue = self.queue.lock();
        if let Some(entry) = slots.order.get((queue.head + queue.length) % SLOTS) {
            entry.set(low16(index));
            queue.length += 1;
        }
        Some(rest)
    }

    /// The first live block at or behind `address`.
    pub(crate) fn next(&self, address: usize) -> Option<&'static Slot> {
        let slots = &self.slots.get()?.slots;
        slots.iter().find(|slot| slot.is_live() && slot.start().addr() >= address)
    }
}

/// What the page of a live block holds besides it.
fn rest_of(slot: &Slot, page: NonNull<u8>, length: usize) -> Rest {
    let is_pattern = |from: usize, to: usize| {
        // SAFETY: the page is readable, and these bytes are no part of the block.
        (from..to).all(|at| unsafe { page.as_ptr().wrapping_add(at).read_volatile() } == slot.pattern.get())
    };
    let from = slot.start().addr() - page.addr().get();
    if !is_pattern(from + slot.requested(), length) {
        Rest::Behind
    } else if !is_pattern(0, from) {
        Rest::Before
    } else {
        Rest::Intact
    }
}

#[cfg(test)]
mod tests;
