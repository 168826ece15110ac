//! The thread cache: a thread's own zones, and per size class one window from which blocks are handed out.
//!
//! No lock and no atomic read-modify-write: the thread alone uses it, except for the inbox in `owner`. A window is one
//! word of a zone's `free` bitmap, used in place: `free` sets bits in the same word, so a block just freed is the next
//! one handed out if it is the lowest (immediate reuse keeps the heap dense: −28 % time on python against a private
//! copy of the word).
//!
//! Every zone of a cache is in exactly one place: `current`, `available`, `full`, or `idle` (wholly free, on its way to
//! the page heap).

//! Here: the cache and its hit path. `slot` has the windows, `free` the other hit path, `places` how zones go from place
//! to place, `chance` what the hardened mode chooses.

#![expect(unsafe_code, reason = "the hit path reads tables without bounds checks")]

mod chance;
mod free;
mod places;
mod slot;

use core::cell::Cell;
use core::mem::offset_of;
use core::ptr::{self, NonNull};

use crate::list::List;
use crate::ptr::{low8, low16};
use crate::remote::Owner;
use crate::secure::Quarantine;
use crate::size_class::{CLASSES, Class, LIVE, SMALL_MAX, slot_offsets};
use crate::sync::{Link, RelaxedU8, RelaxedU64};
use crate::zone::Zone;
use slot::{NO_BLOCKS, Slot};

pub(crate) use free::{Freed, free_index, free_own, free_own_sized};

/// A thread's cache. Metadata memory that is never unmapped: caches of ended threads wait for new ones.
#[repr(C, align(128))]
pub(crate) struct Cache {
    /// Who owns this cache's zones. First, so that its address is the cache's.
    pub(crate) owner: Owner,
    /// One slot a class.
    slots: [Slot; CLASSES],
    /// The zone of each slot's window.
    current: [Link<Zone>; CLASSES],
    /// Zones with room.
    available: [List; CLASSES],
    /// Zones that are nearly empty, used last: so that they become wholly free.
    sparse: [List; CLASSES],
    /// Zones without room.
    full: List,
    /// Wholly free zones, for the caller to give to the page heap.
    pub(crate) idle: List,
    /// Bytes of zones that became sparse since the holes of the sparse ones were last given back.
    pub(crate) sparse_bytes: Cell<usize>,
    /// Whether the thread key leads here, so that the cache is given back at the thread's end.
    pub(crate) keyed: Cell<bool>,
    /// Rounds of thread-end destructors seen.
    pub(crate) rounds: Cell<u32>,
    /// State of the thread's random numbers; 0 before the first one.
    pub(crate) random: Cell<u64>,
    /// Freed blocks that wait, in the hardened mode.
    pub(crate) quarantine: Link<Quarantine>,
    /// The cache that this one, a front without blocks, stands before.
    pub(crate) behind: Link<Cache>,
    /// The front that stood before this cache, kept for the next time.
    pub(crate) front: Link<Cache>,
    /// Next in central's list of live or of parked caches.
    pub(crate) next: Link<Cache>,
    /// Previous in the list of live caches.
    pub(crate) previous: Link<Cache>,
}

// SAFETY: the cells are used by the cache's thread alone, or under central's mutex while it has none; the statics that
// stand for "no cache yet" are never written.
unsafe impl Sync for Cache {}

/// From request to slot, for TINY and SMALL: an entry for each number of bytes, which saves two instructions against one
/// for 16.
static OFFSETS: [u16; SMALL_MAX + 1] = slot_offsets(offset_of!(Cache, slots), size_of::<Slot>());

const _: () = assert!(offset_of!(Cache, owner) == 0);

/// What [`Cache::take`] and [`Cache::take_class`] give: a block, or null, and whether it reads as zero.
pub(crate) type Taken = (*mut u8, bool);

impl Cache {
    /// A cache without zones.
    pub(crate) const fn new() -> Self {
        Self {
            owner: Owner::new(),
            slots: [const { Slot::empty() }; CLASSES],
            current: [const { Link::none() }; CLASSES],
            available: [const { List::new() }; CLASSES],
            sparse: [const { List::new() }; CLASSES],
            full: List::new(),
            idle: List::new(),
            sparse_bytes: Cell::new(0),
            keyed: Cell::new(false),
            rounds: Cell::new(0),
            random: Cell::new(0),
            quarantine: Link::none(),
            behind: Link::none(),
            front: Link::none(),
            next: Link::none(),
            previous: Link::none(),
        }
    }

    /// A block for a request of at most [`SMALL_MAX`] bytes, or what `miss` gives if the
    /// window is empty.
    ///
    /// The hit path: one table look-up leads from the size to the slot, one dependent chain of three loads to the
    /// block. `miss` is a parameter so that it can be a jump: a result to be tested would cost instructions here.
    #[inline(always)]
    pub(crate) fn take(&self, bytes: usize, miss: impl FnOnce() -> *mut u8) -> *mut u8 {
        self.take_as(bytes, bytes, miss)
    }

    /// The same from the class of requests for `room` bytes, which can record that only `bytes` of them were asked for.
    #[inline(always)]
    pub(crate) fn take_as(&self, room: usize, bytes: usize, miss: impl FnOnce() -> *mut u8) -> *mut u8 {
        self.slot_of(room).take(bytes, |_, _| {}, miss)
    }

    /// The same, and whether the block reads as zero; null if the window is empty.
    #[inline(always)]
    pub(crate) fn take_zeroed(&self, bytes: usize) -> Taken {
        let mut clean = false;
        let block = self.slot_of(bytes).take(bytes, |slot, state| clean = slot.reads_as_zero(state), ptr::null_mut);
        (block, clean)
    }

    /// The slot for a request of at most [`SMALL_MAX`] bytes.
    #[inline(always)]
    fn slot_of(&self, bytes: usize) -> &Slot {
        // SAFETY: the caller checked the size.
        let offset = unsafe { *OFFSETS.get_unchecked(bytes) };
        let slot: *const Slot = ptr::from_ref(self).cast::<u8>().wrapping_add(usize::from(offset)).cast();
        // SAFETY: `OFFSETS` holds the places of the slots in this structure.
        unsafe { &*slot }
    }

    /// A block of any class for a request that it can record; null if the window is empty.
    #[inline]
    pub(crate) fn take_class(&self, class: Class, bytes: usize) -> Taken {
        let (Some(slot), Some(zone)) = (self.slots.get(class.index()), self.current_of(class)) else {
            return (ptr::null_mut(), false);
        };
        let mut clean = false;
        let in_state = class.in_state(bytes);
        let before = |slot: &Slot, state: &RelaxedU8| {
            clean = slot.reads_as_zero(state);
            if !class.records_in_state(bytes) {
                zone.set_wide_slack(class, state, bytes);
            }
        };
        let block = slot.take(in_state, before, ptr::null_mut);
        (block, clean)
    }

    /// The same, but the window may get blocks that other threads freed in its zone: memory that is there before memory that
    /// has to come. `misuse` hears of blocks that were freed twice at the same moment.
    #[inline]
    pub(crate) fn take_reclaimed(&self, class: Class, bytes: usize, misuse: fn(&'static Zone, usize)) -> Taken {
        if let Some(zone) = self.current_of(class)
            && zone.owner.is_shared()
        {
            self.reclaim(class, zone, misuse);
        }
        self.take_class(class, bytes)
    }

    /// Opens the next window of the class's current zone and takes a block from it; null if there is no such window.
    ///
    /// Most misses end here: in a heap that is in use, windows have only a few free blocks each.
    #[inline]
    pub(crate) fn take_next(&self, class: Class, bytes: usize) -> Taken {
        let opened = self.current_of(class).is_some_and(|zone| self.open_window(class, zone));
        if opened { self.take_class(class, bytes) } else { (ptr::null_mut(), false) }
    }

    /// The zone of a class's window.
    pub(crate) fn current_of(&self, class: Class) -> Option<&'static Zone> {
        self.current.get(class.index())?.get()
    }

    /// Makes `zone` the class's current one and opens its first window.
    pub(crate) fn start_zone(&'static self, class: Class, zone: &'static Zone) -> bool {
        zone.set_current();
        if let (Some(slot), Some(current)) = (self.slots.get(class.index()), self.current.get(class.index())) {
            slot.block.set(low16(class.block()));
            slot.tag.set(low8(class.block() + usize::from(LIVE)));
            slot.clean.set(zone.is_clean());
            current.set(Some(zone));
        }
        self.open_window(class, zone)
    }

    /// Points the class's slot to the next window of its current zone.
    #[inline(always)]
    fn open_window(&self, class: Class, zone: &'static Zone) -> bool {
        let (Some(slot), Some(window)) = (self.slots.get(class.index()), zone.next_window()) else {
            return false;
        };
        slot.window.set(window.word);
        slot.base.set(window.base);
        slot.state.set(window.state);
        true
    }
}

/// Puts a zeroed piece of metadata memory to use as a cache. In place: a cache is too large for small stacks.
pub(crate) fn over(memory: NonNull<u8>) -> &'static Cache {
    let windows = (0..CLASSES).map(|class| offset_of!(Cache, slots) + class * size_of::<Slot>());
    for window in windows {
        let window: *mut NonNull<RelaxedU64> = memory.as_ptr().wrapping_add(window).cast();
        // SAFETY: the first field of a slot of a cache in this memory, which is large and aligned enough.
        unsafe { window.write(NonNull::from_ref(&NO_BLOCKS)) };
    }
    // SAFETY: zero is valid for every other field; metadata is never unmapped.
    unsafe { memory.cast().as_ref() }
}

#[cfg(test)]
mod tests;
