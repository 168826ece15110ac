//! A zone: a run of granules cut into equal blocks, described out of band.
//!
//! The descriptor is two cache lines; the rest is in a metadata chunk:
//! - `wake`: the countdown of the owner's frees, apart from what other threads read;
//! - `free`: bit set = the owner may hand the block out. Exposed a word at a time: blocks of words from `exposed / 64`
//!   on are free and their pages untouched, the zone's one large free block;
//! - `state`: one byte a block: [`FRESH`], [`FREED`], [`QUARANTINED`] or [`LIVE`] + slack. `malloc` writes it, and a free by another
//!   thread; the owner's own free leaves it, for the bit in `free` says enough and costs one cache line less.
//!
//! A block is live if its state is `LIVE` or more and its bit in `free` is clear: both are places that every thread
//! sees, so a second free is seen at the call, whichever thread freed first. The owner's free looks at the bit alone as
//! long as no other thread has freed anything in the zone ([`OwnerLink::share`]).
//!
//! Invariants: a state `FREED` ⇒ the zone is shared, and its owner has not collected the block yet; for zones that are
//! not current, `free blocks = mark − wake` (see `wake`).
//!
//! Blocks fill the run to its end: what remains of it is before the first one, where offsets are negative and the
//! multiplication that finds a block's index refuses them.
//!
//! A descriptor also describes runs that are not zones (free runs, LARGE blocks): `role` tells. No locks here and no
//! OS: the owner alone calls what changes `free`, the page heap's mutex covers `role` and the run's extent.

#![expect(unsafe_code, reason = "bitmaps are raw metadata memory")]

mod collect;
mod guarded;
mod room;
mod sizes;

use core::mem::offset_of;
use core::ptr::NonNull;
use core::sync::atomic::Ordering;

use crate::fold::{is_less, mask_of, scale};
use crate::ptr::{size, size64, wide, widening_mul};
use crate::remote::{Owner, OwnerLink};
use crate::size_class::{Class, FRESH, GRANULE, Kind, LIVE, Layout, WINDOW};
use crate::sync::{
    AtomicU8, AtomicU32, Link, RelaxedBool, RelaxedPtr, RelaxedU8, RelaxedU16, RelaxedU32, RelaxedU64, RelaxedUsize,
};

pub(crate) use room::Place;

/// What a run is used for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Role {
    /// Not the first granule of a run in use.
    None = 0,
    /// A free run of the page heap.
    Free = 1,
    /// Cut into blocks.
    Blocks = 2,
    /// One LARGE block.
    Large = 3,
}

/// A position inside a zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Spot {
    /// The start of block `0`.
    Start(usize),
    /// So many bytes (`1`) into block `0`.
    Inside(usize, usize),
    /// Before the first block.
    Head,
}

/// The descriptor of a run. All-zero bytes are a valid descriptor that nobody owns.
#[repr(C, align(128))]
pub(crate) struct Zone {
    // Read by every free, written when a zone is cut.
    /// Whose zone this is: the thread cache that may use it without a lock, or central.
    pub(crate) owner: OwnerLink,
    /// First byte of the first block.
    first: RelaxedPtr<u8>,
    /// [`Layout::reciprocal`].
    pub(crate) reciprocal: RelaxedU64,
    /// The `free` bitmap, in the metadata chunk behind `wake`.
    pub(crate) free: RelaxedPtr<RelaxedU64>,
    /// The state bytes.
    state: RelaxedPtr<RelaxedU8>,
    /// Bytes of a block.
    block: RelaxedU32,
    /// Granules of the run.
    pub(crate) granules: RelaxedU16,
    /// Index of the class.
    class: RelaxedU8,
    /// A [`Role`].
    role: AtomicU8,
    /// A [`Place`].
    place: RelaxedU8,
    /// Whether the run read as zero when it was cut.
    clean: RelaxedBool,
    /// Whether its blocks have canaries and wait in quarantine when they are freed (`heap::secure`).
    guarded: RelaxedBool,
    /// Whether the run was taken to be filled to the last page.
    pub(crate) dense: RelaxedBool,
    // Read by slow paths. In a line of its own: other threads' frees read the fields above.
    /// First byte of the run.
    pub(crate) start: RelaxedPtr<u8>,
    /// Next in the list that `place` names, or in a list of free runs.
    pub(crate) next: Link<Zone>,
    /// Previous in that list.
    pub(crate) previous: Link<Zone>,
    /// Next in an inbox.
    pub(crate) next_posted: Link<Zone>,
    /// Blocks exposed so far.
    exposed: RelaxedU32,
    /// Free blocks when `wake` reaches 0.
    mark: RelaxedU32,
    /// Index of the window in use, or of the last one used.
    window: RelaxedU16,
    /// Granules of the run that were resident when it was taken for a zone that may stay nearly empty (`page_heap::lent`).
    pub(crate) lent: RelaxedU16,
    /// 1 while in an inbox, or on the way there.
    pub(crate) posted: AtomicU32,
    /// Requested bytes of a LARGE block.
    pub(crate) requested: RelaxedUsize,
    /// Page groups given back by a trim and untouched since, one bit each.
    pub(crate) purged: RelaxedU64,
}

const _: () = assert!(size_of::<Zone>() == 128);

impl Zone {
    /// A descriptor of nothing.
    #[cfg(test)]
    pub(crate) fn empty() -> Self {
        // SAFETY: all fields are atomics, for which zero is valid.
        unsafe { core::mem::zeroed() }
    }

    /// What the run is used for.
    pub(crate) fn role(&self) -> Role {
        match self.role.load(Ordering::Acquire) {
            1 => Role::Free,
            2 => Role::Blocks,
            3 => Role::Large,
            _ => Role::None,
        }
    }

    /// Publishes what the run is used for; everything written before is seen by whoever reads the role.
    #[expect(clippy::as_conversions, reason = "the discriminant")]
    pub(crate) fn set_role(&self, role: Role) {
        self.role.store(role as u8, Ordering::Release);
    }

    /// The class of the blocks.
    pub(crate) fn class(&self) -> Class {
        Class::from_index(self.class.get()).unwrap_or(Class::SMALLEST)
    }

    /// How the zone is cut.
    pub(crate) fn layout(&self) -> &'static Layout {
        self.class().layout()
    }

    /// TINY, SMALL, MEDIUM or LARGE.
    pub(crate) fn kind(&self) -> Kind {
        if self.role() == Role::Large { Kind::Large } else { self.class().kind() }
    }

    /// Address of the first byte.
    pub(crate) fn address(&self) -> usize {
        self.start.get().addr()
    }

    /// Bytes of the run.
    pub(crate) fn bytes(&self) -> usize {
        usize::from(self.granules.get()) * GRANULE
    }

    /// Whether `address` lies in the run.
    pub(crate) fn contains(&self, address: usize) -> bool {
        address.wrapping_sub(self.address()) < self.bytes()
    }

    /// Cuts the run into blocks of `class`. `chunk` is zeroed metadata of `layout.chunk` bytes; `clean` says that the
    /// run reads as zero. The zone starts as `owner`'s current one.
    pub(crate) fn cut(&self, class: Class, chunk: NonNull<u8>, clean: bool, owner: &'static Owner) {
        let layout = class.layout();
        let words = size(layout.words);
        let head = self.bytes() - size(layout.blocks * layout.block);
        self.first.set(self.start.get().wrapping_add(head));
        self.free.set(chunk.as_ptr().wrapping_add(Layout::WORDS).cast());
        self.state.set(chunk.as_ptr().wrapping_add(Layout::WORDS + words * 8).cast());
        for (window, word) in self.words_of(layout).iter().enumerate() {
            word.set(Self::blocks_of_window(layout, window));
        }
        self.reciprocal.set(layout.reciprocal);
        self.block.set(layout.block);
        self.class.set(class.byte());
        self.clean.set(clean);
        self.guarded.set(false);
        self.exposed.set(0);
        self.purged.set(0);
        self.set_current();
        self.owner.set(owner);
    }

    /// The metadata chunk, on the way back to the pool, and its bytes.
    pub(crate) fn chunk(&self) -> Option<(NonNull<u8>, usize)> {
        Some((NonNull::new(self.chunk_start())?, size(self.layout().chunk)))
    }

    /// Start of the metadata chunk.
    fn chunk_start(&self) -> *mut u8 {
        self.free.get().cast::<u8>().wrapping_sub(Layout::WORDS)
    }

    /// Frees by the owner until the zone needs attention.
    fn wake(&self) -> &'static RelaxedU64 {
        // SAFETY: `cut` pointed `free` into a chunk, right behind this word; chunks stay mapped for ever.
        unsafe { &*self.free.get().wrapping_sub(1) }
    }

    /// The `free` bitmap.
    pub(crate) fn words(&self) -> &'static [RelaxedU64] {
        self.words_of(self.layout())
    }

    /// The `free` bitmap of a zone that is cut in this way.
    fn words_of(&self, layout: &Layout) -> &'static [RelaxedU64] {
        // SAFETY: `cut` pointed `free` to a chunk with this many words, which stays mapped for ever.
        unsafe { core::slice::from_raw_parts(self.free.get(), size(layout.words)) }
    }

    /// The state bytes.
    pub(crate) fn states(&self) -> &'static [RelaxedU8] {
        // SAFETY: as in `words_of`: the state bytes follow the bitmap.
        unsafe { core::slice::from_raw_parts(self.state.get(), size(self.layout().blocks)) }
    }

    /// The block that starts at `address`, an address in this zone, whether it is live or not.
    #[inline(always)]
    pub(crate) fn index_of(&self, address: usize) -> Option<usize> {
        // SAFETY: the fields are such cells.
        let (index, rest) =
            unsafe { scale::<Self, { offset_of!(Self, first) }, { offset_of!(Self, reciprocal) }>(self, address) };
        // For multiples of the block size the rest is at most index × (reciprocal − 2^64 / block), for negative offsets of
        // less than a block it is as large as for those that point into a block.
        // SAFETY: as above.
        if unsafe { is_less::<Self, { offset_of!(Self, reciprocal) }>(rest, self) } {
            Some(size64(index))
        } else {
            None
        }
    }

    /// What `address`, an address in this zone, points to.
    pub(crate) fn spot(&self, address: usize) -> Spot {
        let layout = self.layout();
        let Some(offset) = address.checked_sub(self.first.get().addr()) else { return Spot::Head };
        let (index, _) = widening_mul(wide(offset), layout.reciprocal);
        let index = size64(index);
        match offset - index * size(layout.block) {
            0 => Spot::Start(index),
            inside => Spot::Inside(index, inside),
        }
    }

    /// First byte of a block.
    pub(crate) fn block_at(&self, index: usize) -> *mut u8 {
        self.first.get().wrapping_add(index * size(self.block.get()))
    }

    /// The state byte of a block; [`FRESH`] for blocks that do not exist.
    pub(crate) fn state_of(&self, index: usize) -> u8 {
        self.states().get(index).map_or(FRESH, RelaxedU8::get)
    }

    /// Whether the owner may hand a block out.
    pub(crate) fn is_free(&self, index: usize) -> bool {
        let (word, bit) = Self::bit_of(index);
        self.words().get(word).is_some_and(|word| word.get() & bit != 0)
    }

    /// Whether a block is live. First the state byte: when `collect` has changed it, the bit is set.
    pub(crate) fn is_live(&self, index: usize) -> bool {
        self.states().get(index).is_some_and(|state| state.0.load(Ordering::Acquire) >= LIVE) && !self.is_free(index)
    }

    /// The live block that starts at `address`. That was in this zone when somebody looked the zone up; its header may have
    /// been given another place since.
    #[inline(always)]
    pub(crate) fn live_at(&self, address: usize) -> Option<usize> {
        // The multiplication does not refuse all of what is before the guard of a zone, or outside of it.
        let is_inside = address.wrapping_sub(self.first.get().addr()) < self.bytes();
        let index = self.index_of(address).filter(|_| is_inside)?;
        // SAFETY: only blocks have an index, and each has a state byte …
        let state = unsafe { &*self.state.get().wrapping_add(index) };
        // SAFETY: … and a bit.
        let word = unsafe { &*self.free.get().wrapping_add(index / WINDOW) };
        // In the order of `is_live`.
        (state.0.load(Ordering::Acquire) >= LIVE && word.get() >> (index % WINDOW) & 1 == 0).then_some(index)
    }

    /// Bytes of a block.
    #[inline]
    pub(crate) fn block_bytes(&self) -> usize {
        size(self.block.get())
    }

    /// Bytes of a block that the program may use.
    #[inline]
    pub(crate) fn usable(&self) -> usize {
        if self.class.get() == Class::ZERO.byte() { 0 } else { self.block_bytes() }
    }

    /// The window of block `index`: its word in `free`, and its bit.
    pub(crate) fn bit_of(index: usize) -> (usize, u64) {
        (index / WINDOW, 1 << (index % WINDOW))
    }

    /// Whether the run read as zero when it was cut, so that a [`FRESH`] block does too.
    pub(crate) fn is_clean(&self) -> bool {
        self.clean.get()
    }

    /// Bytes from the start that blocks may have touched: up to the last one that was ever handed out.
    pub(crate) fn touched(&self) -> usize {
        let windows = self.windows().iter().enumerate().take(size(self.exposed.get()).div_ceil(WINDOW));
        let used =
            windows.rev().map(|(window, states)| (window, !mask_of::<FRESH>(states))).find(|&(_, used)| used != 0);
        used.map_or(0, |(window, used)| self.offset((window + 1) * WINDOW - size(used.leading_zeros())))
    }

    /// Bytes from the start to a block.
    pub(crate) fn offset(&self, index: usize) -> usize {
        self.block_at(index).addr() - self.address()
    }
}

#[cfg(test)]
mod tests;
