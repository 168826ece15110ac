//! The thread cache: a thread's own zones, and per size class one window from which blocks are handed out.
//!
//! No lock and no atomic read-modify-write: the thread alone uses it, except for the inbox in `owner`. A window is one
//! word of a zone's `free` bitmap, used in place: `free` sets bits in the same word, so a block just freed is the next
//! one handed out if it is the lowest (immediate reuse keeps the heap dense: −28 % time on python against a private
//! copy of the word).
//!
//! Every zone of a cache is in exactly one place: `current`, `available`, `full`, or `idle` (wholly free, on its way to
//! the page heap).

#![expect(unsafe_code, reason = "the hit path reads tables and bitmaps without bounds checks")]

use core::cell::Cell;
use core::mem::offset_of;
use core::ptr::{self, NonNull};

use crate::fold::{count_down_before, prefetch, set_bit};
use crate::list::List;
use crate::ptr::{low8, size};
use crate::remote::{Owner, post};
use crate::secure::Quarantine;
use crate::size_class::{CLASSES, Class, FRESH, LIVE, SMALL_MAX, slot_offsets};
use crate::sync::{Link, RelaxedU8, RelaxedU64};
use crate::zone::{Place, Zone};

/// Where blocks of one class come from.
#[repr(C)]
struct Slot {
    /// The window: a word of the current zone's `free` bitmap, or a word without free blocks.
    window: Cell<NonNull<RelaxedU64>>,
    /// The window's first block.
    base: Cell<*mut u8>,
    /// State byte of that block.
    state: Cell<*const RelaxedU8>,
    /// Bytes of a block.
    block: Cell<u32>,
    /// `LIVE + block`, of which the requested size is subtracted to get the state byte.
    tag: Cell<u32>,
}

/// The window of classes that have none.
static NO_BLOCKS: RelaxedU64 = RelaxedU64::new(0);

impl Slot {
    /// A slot without free blocks.
    const fn empty() -> Self {
        Self {
            window: Cell::new(NonNull::from_ref(&NO_BLOCKS)),
            base: Cell::new(ptr::null_mut()),
            state: Cell::new(ptr::null()),
            block: Cell::new(0),
            tag: Cell::new(0),
        }
    }

    /// Takes the lowest free block of the window for a request of `bytes`, telling `before` its state byte; calls
    /// `miss` if there is none.
    #[inline(always)]
    fn take(&self, bytes: usize, before: impl FnOnce(&RelaxedU8), miss: impl FnOnce() -> *mut u8) -> *mut u8 {
        // SAFETY: windows point to metadata, which stays mapped, or to `NO_BLOCKS`.
        let window = unsafe { self.window.get().as_ref() };
        let word = window.get();
        if word == 0 {
            return miss();
        }
        let bit = size(word.trailing_zeros());
        window.set(word & (word - 1));
        // SAFETY: the window has a state byte for each of its bits, and so has `state`.
        let state = unsafe { &*self.state.get().wrapping_add(bit) };
        before(state);
        state.set(low8(size(self.tag.get()).wrapping_sub(bytes)));
        self.base.get().wrapping_add(bit * size(self.block.get()))
    }

    /// Fetches the beginnings of the window's free blocks, which are about to be looked at, all at a time.
    fn prefetch(&self) {
        // SAFETY: as in `take`.
        let mut left = unsafe { self.window.get().as_ref() }.get();
        while left != 0 {
            prefetch(self.base.get().wrapping_add(size(left.trailing_zeros()) * size(self.block.get())));
            left &= left - 1;
        }
    }

    /// Takes the free block of the window that `chance` chooses: its first byte and its state byte. `None` if there is
    /// none.
    #[inline]
    fn take_random(&self, chance: u32) -> Option<(NonNull<u8>, &RelaxedU8)> {
        // SAFETY: as in `take`.
        let window = unsafe { self.window.get().as_ref() };
        let word = window.get();
        let above = word & u64::MAX << (chance % u64::BITS);
        let chosen = if above == 0 { word } else { above };
        if chosen == 0 {
            return None;
        }
        window.set(word & !(chosen & chosen.wrapping_neg()));
        let bit = size(chosen.trailing_zeros());
        // SAFETY: as in `take`.
        let state = unsafe { &*self.state.get().wrapping_add(bit) };
        Some((NonNull::new(self.base.get().wrapping_add(bit * size(self.block.get())))?, state))
    }
}

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

/// From request to slot, for TINY and SMALL.
static OFFSETS: [u16; 65] = slot_offsets(offset_of!(Cache, slots), size_of::<Slot>());

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

    /// A block for a request of at most [`SMALL_MAX`](crate::size_class::SMALL_MAX) bytes, or what `miss` gives if the
    /// window is empty.
    ///
    /// The hit path: one table look-up leads from the size to the slot, one dependent chain of three loads to the
    /// block. `miss` is a parameter so that it can be a jump: a result to be tested would cost instructions here.
    #[inline(always)]
    pub(crate) fn take(&self, bytes: usize, miss: impl FnOnce() -> *mut u8) -> *mut u8 {
        // SAFETY: the caller checked the size, so the index is at most 64.
        let offset = unsafe { *OFFSETS.get_unchecked(bytes.div_ceil(16)) };
        let slot: *const Slot = ptr::from_ref(self).cast::<u8>().wrapping_add(usize::from(offset)).cast();
        // SAFETY: `OFFSETS` holds the places of the slots in this structure.
        unsafe { &*slot }.take(bytes, |_| {}, miss)
    }

    /// A block of any class for a request that it can record; null if the window is empty.
    #[inline]
    pub(crate) fn take_class(&self, class: Class, bytes: usize) -> Taken {
        let (Some(slot), Some(zone)) = (self.slots.get(class.index()), self.current_of(class)) else {
            return (ptr::null_mut(), false);
        };
        let mut fresh = false;
        let in_state = if class.records_in_state() { bytes } else { class.block() };
        let before = |state: &RelaxedU8| {
            fresh = state.get() == FRESH;
            if !class.records_in_state() {
                zone.set_wide_slack(state, class.block() - bytes);
            }
        };
        let block = slot.take(in_state, before, ptr::null_mut);
        (block, fresh && zone.is_clean())
    }

    /// One of the window's blocks, which `chance` chooses, for a request of `bytes` that its class can record; with its
    /// zone and the state byte that it had. `None` if the window is empty.
    #[inline]
    pub(crate) fn take_random(
        &self,
        class: Class,
        bytes: usize,
        chance: u32,
    ) -> Option<(NonNull<u8>, &'static Zone, u8)> {
        let (slot, zone) = (self.slots.get(class.index())?, self.current_of(class)?);
        let (start, state) = slot.take_random(chance)?;
        let (before, block) = (state.get(), zone.block_bytes());
        if block <= SMALL_MAX {
            state.set(LIVE + low8(block.wrapping_sub(bytes)));
        } else {
            zone.set_wide_slack(state, block - bytes);
            state.set(LIVE);
        }
        Some((start, zone, before))
    }

    /// Lets the class go on in another window of its current zone, which `chance` chooses.
    pub(crate) fn turn(&self, class: Class, chance: usize) {
        if let Some(zone) = self.current_of(class) {
            zone.turn(chance);
            self.open_window(class, zone);
        }
        if let Some(slot) = self.slots.get(class.index()) {
            slot.prefetch();
        }
    }

    /// Lets the class's zone with room that is `nth` in the list be the next one; `false` if there is none.
    pub(crate) fn shuffle(&self, class: Class, nth: usize) -> bool {
        let Some(list) = self.available.get(class.index()) else { return false };
        let Some(zone) = list.iter().take(nth + 1).last() else { return false };
        list.remove(zone);
        self.retire_current(class);
        list.push(zone);
        true
    }

    /// Puts all zones away: their blocks may be freed, and are not handed out again.
    pub(crate) fn shelve(&'static self) {
        let zones = List::new();
        self.surrender().for_each(|zone| zones.push(zone));
        while let Some(zone) = zones.pop() {
            zone.shelve();
            self.full.push(zone);
        }
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

    /// Gives the class a window with free blocks from the zones this cache has; `false` if none has any.
    /// `misuse` hears of blocks that were freed twice at the same moment.
    ///
    /// What other threads freed is collected only when nothing else is left: then it is more, for the same work.
    pub(crate) fn refill(&'static self, class: Class, misuse: &mut dyn FnMut(&'static Zone, usize)) -> bool {
        if self.refill_from_own(class) {
            return true;
        }
        self.collect(misuse);
        self.refill_from_own(class)
    }

    /// The same from what is known to be free.
    fn refill_from_own(&'static self, class: Class) -> bool {
        if let Some(zone) = self.current_of(class) {
            if self.open_window(class, zone) {
                return true;
            }
            self.close_window(class);
            self.place(zone, 0);
        }
        let next = [&self.available, &self.sparse].iter().find_map(|lists| lists.get(class.index())?.pop());
        next.is_some_and(|zone| self.start_zone(class, zone))
    }

    /// Makes `zone` the class's current one and opens its first window.
    pub(crate) fn start_zone(&'static self, class: Class, zone: &'static Zone) -> bool {
        zone.set_current();
        if let (Some(slot), Some(current)) = (self.slots.get(class.index()), self.current.get(class.index())) {
            slot.block.set(class.layout().block);
            slot.tag.set(u32::from(LIVE) + class.layout().block);
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

    /// Closes the class's window and puts its zone where its free blocks belong.
    pub(crate) fn retire_current(&self, class: Class) {
        if let Some(zone) = self.current_of(class) {
            self.close_window(class);
            self.place(zone, zone.free_blocks());
        }
    }

    /// Leaves the class without a window and without a current zone.
    fn close_window(&self, class: Class) {
        if let (Some(slot), Some(current)) = (self.slots.get(class.index()), self.current.get(class.index())) {
            slot.window.set(NonNull::from_ref(&NO_BLOCKS));
            current.set(None);
        }
    }

    /// Puts a zone that is in no place where `free` free blocks belong.
    pub(crate) fn place(&self, zone: &'static Zone, free: usize) {
        let Some(place) = zone.settle(free) else { return self.idle.push(zone) };
        self.list_of(zone.class(), place).push(zone);
        if place == Place::Sparse {
            self.sparse_bytes.set(self.sparse_bytes.get() + zone.bytes());
        }
    }

    /// The list of the zones of a class that are in `place`.
    fn list_of(&self, class: Class, place: Place) -> &List {
        let lists = match place {
            Place::Available => &self.available,
            Place::Sparse => &self.sparse,
            Place::Current | Place::Full => return &self.full,
        };
        lists.get(class.index()).unwrap_or(&self.full)
    }

    /// Takes a zone that is not current out of its place.
    fn displace(&self, zone: &'static Zone) {
        self.list_of(zone.class(), zone.place()).remove(zone);
    }

    /// Attends to a zone whose countdown reached 0: a full zone has room again, an available one is sparse, a sparse one
    /// wholly free.
    #[cold]
    pub(crate) fn woken(&self, zone: &'static Zone) {
        if zone.place() == Place::Current {
            zone.set_current();
            return;
        }
        let free = zone.counted_free();
        self.displace(zone);
        self.place(zone, free);
    }

    /// Collects what other threads freed in the zones that were posted to this cache.
    pub(crate) fn collect(&'static self, misuse: &mut dyn FnMut(&'static Zone, usize)) {
        for zone in self.owner.take_posted() {
            if zone.owner.is(&self.owner) {
                let count = zone.collect(|index| misuse(zone, index));
                if zone.place() != Place::Current && count > 0 {
                    let free = zone.counted_free() + count;
                    self.displace(zone);
                    self.place(zone, free);
                }
            } else {
                post(zone);
            }
        }
    }

    /// Gives the class a window from a full zone with a few free blocks, which it would not be asked for yet: when memory
    /// has ended.
    pub(crate) fn scrape(&'static self, class: Class) -> bool {
        let zone = self.full.iter().find(|zone| zone.class() == class && zone.free_blocks() > 0);
        zone.is_some_and(|zone| {
            self.full.remove(zone);
            self.start_zone(class, zone)
        })
    }

    /// Whether the cache has filled a zone of the class just now: then it is likely to fill the next one too. Most zones of
    /// a program with many threads hold a few blocks.
    pub(crate) fn fills(&'static self, class: Class) -> bool {
        self.full.iter().take(4).any(|zone| zone.class() == class)
    }

    /// Takes every zone out of the cache, closing all windows.
    pub(crate) fn surrender(&'static self) -> impl Iterator<Item = &'static Zone> {
        Class::all().for_each(|class| self.retire_current(class));
        self.sparse_bytes.set(0);
        core::iter::from_fn(|| {
            let lists = self.available.iter().chain(&self.sparse).chain([&self.full, &self.idle]);
            lists.into_iter().find_map(List::pop)
        })
    }

    /// Forgets all zones, in the child of a fork where the cache's thread is gone.
    pub(crate) fn reset(&'static self) {
        self.slots.iter().for_each(|slot| slot.window.set(NonNull::from_ref(&NO_BLOCKS)));
        self.current.iter().for_each(|current| current.set(None));
        let lists = self.available.iter().chain(&self.sparse).chain([&self.full, &self.idle]);
        lists.for_each(List::clear);
        self.sparse_bytes.set(0);
        // Torn, perhaps.
        self.quarantine.set(None);
        self.owner.discard();
    }

    /// Zones with room, of every class.
    pub(crate) fn available(&'static self) -> impl Iterator<Item = &'static Zone> {
        self.available.iter().flat_map(List::iter).chain(self.sparse())
    }

    /// Those of them that are nearly empty.
    pub(crate) fn sparse(&'static self) -> impl Iterator<Item = &'static Zone> {
        self.sparse.iter().flat_map(List::iter)
    }

    /// Zones that had no room when they were last looked at.
    pub(crate) fn full(&'static self) -> impl Iterator<Item = &'static Zone> {
        self.full.iter()
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

/// The result of the short path of `free`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Freed {
    /// Done.
    Done,
    /// Done, and the zone needs attention.
    Woke,
    /// Not a live block's start.
    No,
}

/// Frees the block of `zone`, one of the calling thread's own zones that is not shared, that starts at `address`.
///
/// The other hit path. One multiplication gives the block's index and tells whether `address` is a block's start; the
/// bit tells whether the block is free already.
#[inline(always)]
pub(crate) fn free_own(zone: &'static Zone, address: usize) -> Freed {
    zone.index_of(address).map_or(Freed::No, |index| free_index(zone, index))
}

/// The same for a block of TINY or SMALL that was asked for with exactly `bytes`.
#[inline(always)]
pub(crate) fn free_own_sized(zone: &'static Zone, address: usize, bytes: usize) -> Freed {
    match zone.index_of(address) {
        Some(index) if zone.has_size(index, bytes) => free_index(zone, index),
        _ => Freed::No,
    }
}

/// Frees a block of `zone`, one of the calling thread's own zones, that no other thread has freed.
#[inline(always)]
pub(crate) fn free_index(zone: &'static Zone, index: usize) -> Freed {
    let words: *const RelaxedU64 = zone.free.get();
    // SAFETY: only blocks have an index, and the zone is this thread's.
    if !unsafe { set_bit(words, index) } {
        return Freed::No;
    }
    // SAFETY: `wake` is before the bitmap.
    let woke = unsafe { count_down_before(words) };
    if woke { Freed::Woke } else { Freed::Done }
}

#[cfg(test)]
mod tests;
