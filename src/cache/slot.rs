//! A slot: the window of one class, from which blocks are handed out.

#![expect(unsafe_code, reason = "windows are raw metadata memory")]

use core::cell::Cell;
use core::ptr::{self, NonNull};

use crate::fold::prefetch;
use crate::ptr::{low8, size};
use crate::size_class::FRESH;
use crate::sync::{RelaxedU8, RelaxedU64};

/// Where blocks of one class come from.
#[repr(C)]
pub(super) struct Slot {
    /// The window: a word of the current zone's `free` bitmap, or a word without free blocks.
    pub(super) window: Cell<NonNull<RelaxedU64>>,
    /// The window's first block.
    pub(super) base: Cell<*mut u8>,
    /// State byte of that block.
    pub(super) state: Cell<*const RelaxedU8>,
    /// Bytes of a block.
    pub(super) block: Cell<u32>,
    /// `LIVE + block`, of which the requested size is subtracted to get the state byte.
    pub(super) tag: Cell<u32>,
}

/// The window of classes that have none.
pub(super) static NO_BLOCKS: RelaxedU64 = RelaxedU64::new(0);

impl Slot {
    /// A slot without free blocks.
    pub(super) const fn empty() -> Self {
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
    pub(super) fn take(
        &self,
        bytes: usize,
        before: impl FnOnce(&RelaxedU8),
        miss: impl FnOnce() -> *mut u8,
    ) -> *mut u8 {
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

    /// Whether nobody has had the block that is next, or there is none.
    pub(super) fn is_fresh(&self) -> bool {
        // SAFETY: as in `take`.
        let word = unsafe { self.window.get().as_ref() }.get();
        // SAFETY: as in `take`.
        word == 0 || unsafe { &*self.state.get().wrapping_add(size(word.trailing_zeros())) }.get() == FRESH
    }

    /// Fetches the beginnings of the window's free blocks, which are about to be looked at, all at a time.
    pub(super) fn prefetch(&self) {
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
    pub(super) fn take_random(&self, chance: u32) -> Option<(NonNull<u8>, &RelaxedU8)> {
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
