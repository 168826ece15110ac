//! How many blocks of a zone are free, where that puts it, and which come next.

#![expect(unsafe_code, reason = "windows are raw metadata memory")]

use core::ptr::NonNull;

use super::Zone;
use crate::ptr::{low16, low32, size, size64, wide};
use crate::size_class::{Class, Layout, WINDOW};
use crate::sync::{RelaxedU8, RelaxedU64};

/// Where its owner keeps a zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Place {
    /// It serves the class's window; frees need no attention. Or it is spare, and has no blocks that could be freed.
    Current = 0,
    /// Nearly all blocks in use; waits for `wake` frees.
    Full = 1,
    /// Has room; waits to become current, or sparse after `wake` more frees.
    Available = 2,
    /// Nearly all blocks free; waits to become current when no other has room, or wholly free after `wake` more frees.
    Sparse = 3,
}

/// 64 blocks of a zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Window {
    /// Their bits in `free`.
    pub(crate) word: NonNull<RelaxedU64>,
    /// State byte of the first one.
    pub(crate) state: *const RelaxedU8,
    /// Its first byte.
    pub(crate) base: *mut u8,
}

/// Bytes of a page, mostly; a guess, where it matters little.
const PAGE: usize = 4 << 10;

/// `wake` of a current zone: so many frees never come.
const NEVER: u64 = u64::MAX;

/// Windows with free blocks among which the hardened mode chooses, where the zone has as many.
const CHOICE: usize = 4;

impl Zone {
    /// Where the owner keeps the zone.
    pub(crate) fn place(&self) -> Place {
        match self.place.get() {
            0 => Place::Current,
            1 => Place::Full,
            2 => Place::Available,
            _ => Place::Sparse,
        }
    }

    /// Notes where the owner keeps the zone.
    #[expect(clippy::as_conversions, reason = "the discriminant")]
    fn set_place(&self, place: Place) {
        self.place.set(place as u8);
    }

    /// Makes the zone current: frees need no attention, holes may be touched again.
    pub(crate) fn set_current(&self) {
        self.set_place(Place::Current);
        self.wake().set(NEVER);
        self.mark.set(0);
        // So that the next window is the first one.
        self.window.set(u16::MAX);
        self.purged.set(0);
    }

    /// Puts a zone away as one that never has room, and whose free blocks nobody counts.
    pub(crate) fn shelve(&self) {
        self.mark.set(0);
        self.wake().set(NEVER);
        self.set_place(Place::Full);
    }

    /// Whether the zone was put away.
    pub(crate) fn is_shelved(&self) -> bool {
        self.place() == Place::Full && self.mark.get() == 0
    }

    /// Lets the next window be sought from one that `chance` chooses, among at least [`CHOICE`] that have free blocks.
    pub(crate) fn turn(&self, chance: usize) {
        let windows = || size(self.exposed.get()).div_ceil(WINDOW);
        let free = self.words().iter().take(windows()).filter(|word| word.get() != 0).count();
        for _ in free..CHOICE {
            if self.expose().is_none() {
                break;
            }
        }
        self.window.set(low16(chance % (windows() + 1)));
    }

    /// Puts a zone that is not current where its free blocks belong, and says where; `None`: wholly free. One that was put
    /// away stays so until then.
    pub(crate) fn settle(&self, free: usize) -> Option<Place> {
        let blocks = size(self.layout().blocks);
        if self.is_shelved() {
            return (self.free_blocks() < blocks).then_some(Place::Full);
        }
        if free >= blocks {
            return None;
        }
        let (place, mark) = if free < self.enough() {
            (Place::Full, self.enough())
        } else if free < self.most() {
            (Place::Available, self.most())
        } else {
            (Place::Sparse, blocks)
        };
        self.mark.set(low32(mark));
        self.wake().set(wide(mark - free));
        self.set_place(place);
        Some(place)
    }

    /// Free blocks of a zone that is not current: the countdown tells.
    pub(crate) fn counted_free(&self) -> usize {
        size(self.mark.get()).saturating_sub(size64(self.wake().get()))
    }

    /// Free blocks that make a full zone available again: an eighth, so that a refill finds enough.
    pub(super) fn enough(&self) -> usize {
        (size(self.layout().blocks) / 8).max(1)
    }

    /// Free blocks that make an available zone sparse: at most one block in 16 is live, and on average one a page, so
    /// that a third of the pages at least has none.
    fn most(&self) -> usize {
        let blocks = size(self.layout().blocks);
        blocks - (blocks / 16).min(self.bytes() / PAGE)
    }

    /// Blocks that the owner may hand out, fresh ones included.
    pub(crate) fn free_blocks(&self) -> usize {
        let exposed = size(self.exposed.get());
        let words = self.words().iter().take(exposed.div_ceil(WINDOW));
        let used = words.map(|word| size(word.get().count_ones())).sum::<usize>();
        used + size(self.layout().blocks) - exposed
    }

    /// Whether a full zone has free blocks of `class` nevertheless, and may hand them out.
    pub(crate) fn has_rest(&self, class: Class) -> bool {
        self.class() == class && !self.is_shelved() && self.free_blocks() > 0
    }

    /// The first run of blocks at or behind `from` that the owner may hand out: its first block and its length.
    pub(crate) fn next_free(&self, from: usize) -> Option<(usize, usize)> {
        let exposed = size(self.exposed.get());
        let first = self.scan(from, exposed, 0);
        (first < exposed).then(|| (first, self.scan(first, exposed, u64::MAX) - first))
    }

    /// The first block of `from..end` that is free (`flip` 0) or not (`flip` all ones), else `end`.
    fn scan(&self, from: usize, end: usize, flip: u64) -> usize {
        let mut at = from;
        while let Some(word) = self.words().get(at / WINDOW).filter(|_| at < end) {
            let rest = (word.get() ^ flip) >> (at % WINDOW);
            if rest != 0 {
                return (at + size(rest.trailing_zeros())).min(end);
            }
            at = (at / WINDOW + 1) * WINDOW;
        }
        end
    }

    /// The next window with free blocks after the one in use, exposing fresh memory when no exposed block is free.
    #[inline]
    pub(crate) fn next_window(&self) -> Option<Window> {
        let exposed = size(self.exposed.get()).div_ceil(WINDOW);
        // SAFETY: as in `words_of`; at most that many windows are exposed.
        let words = unsafe { core::slice::from_raw_parts(self.free.get(), exposed) };
        let from = usize::from(self.window.get().wrapping_add(1)).min(exposed);
        let (before, behind) = words.split_at(from);
        let has_blocks = |word: &RelaxedU64| word.get() != 0;
        let found = behind.iter().position(has_blocks).map(|at| from + at);
        let window = found.or_else(|| before.iter().position(has_blocks)).or_else(|| self.expose())?;
        self.window.set(low16(window));
        // SAFETY: as above; `expose` gives one that exists too.
        let word = unsafe { NonNull::from_ref(&*self.free.get().wrapping_add(window)) };
        let first = window * WINDOW;
        let state = self.state.get().wrapping_add(first);
        Some(Window { word, state, base: self.first.get().wrapping_add(first * size(self.block.get())) })
    }

    /// Opens the next window of fresh blocks; `None` when all are exposed.
    fn expose(&self) -> Option<usize> {
        let (exposed, blocks) = (self.exposed.get(), self.layout().blocks);
        if exposed == blocks {
            return None;
        }
        self.exposed.set((exposed + low32(WINDOW)).min(blocks));
        Some(size(exposed) / WINDOW)
    }

    /// The bits of the blocks that a window has; only the last one may have fewer than 64.
    pub(super) fn blocks_of_window(layout: &Layout, window: usize) -> u64 {
        let left = size(layout.blocks).saturating_sub(window * WINDOW);
        if left >= WINDOW { u64::MAX } else { (1 << left) - 1 }
    }
}
