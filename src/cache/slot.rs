//! A slot: the window of one class, from which blocks are handed out.

#![expect(unsafe_code, reason = "windows are raw metadata memory")]

use core::cell::Cell;
use core::hint::cold_path;
use core::ptr::{self, NonNull};

use crate::fold::prefetch;
use crate::ptr::{byte_size, low8, size};
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
    pub(super) block: Cell<u16>,
    /// The low byte of `LIVE + block`, of which that of the requested size is subtracted to get the state byte.
    pub(super) tag: Cell<u8>,
    /// Whether blocks that nobody has had read as zero.
    pub(super) clean: Cell<bool>,
    /// Bit of the block that [`Slot::take`] gave last, a guess of the next one.
    last: Cell<u32>,
}

const _: () = assert!(size_of::<Slot>() == 32);

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
            clean: Cell::new(false),
            last: Cell::new(0),
        }
    }

    /// Takes the lowest free block of the window for a request of `bytes`, telling `before` its state byte; calls
    /// `miss` if there is none.
    ///
    /// A program that frees a block and allocates the next one at once gets the same block again, and would wait each
    /// time for the bit that `free` has just found and set: some 40 cycles from address to address. So the address is
    /// computed from the bit of the last time where that is the same one. The processor guesses that branch and goes on
    /// with an address that depends on nothing recent, the comparison comes in when it can (pair 9.9 → 4.3 ns).
    #[inline(always)]
    pub(super) fn take(
        &self,
        bytes: usize,
        before: impl FnOnce(&Self, &RelaxedU8),
        miss: impl FnOnce() -> *mut u8,
    ) -> *mut u8 {
        // SAFETY: windows point to metadata, which stays mapped, or to `NO_BLOCKS`.
        let window = unsafe { self.window.get().as_ref() };
        let word = window.get();
        if word == 0 {
            return miss();
        }
        let bit = word.trailing_zeros();
        window.set(word & (word - 1));
        // SAFETY: the window has a state byte for each of its bits, and so has `state`.
        let state = unsafe { &*self.state.get().wrapping_add(size(bit)) };
        before(self, state);
        state.set(low8(byte_size(self.tag.get()).wrapping_sub(bytes)));
        let block = u32::from(self.block.get());
        if bit == self.last.get() {
            cold_path(); // So that the other path falls through: most programs do other things in between.
            // SAFETY: the cell just read. Volatile, or the compiler would take `bit`, which is the same.
            let last = unsafe { self.last.as_ptr().read_volatile() };
            return self.base.get().wrapping_add(size(block * last));
        }
        self.last.set(bit);
        self.base.get().wrapping_add(size(block * bit))
    }

    /// Whether a block with this state byte, which is about to be handed out, reads as zero.
    #[inline(always)]
    pub(super) fn reads_as_zero(&self, state: &RelaxedU8) -> bool {
        state.get() == FRESH && self.clean.get()
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
            prefetch(self.base.get().wrapping_add(size(left.trailing_zeros()) * usize::from(self.block.get())));
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
        Some((NonNull::new(self.base.get().wrapping_add(bit * usize::from(self.block.get())))?, state))
    }
}
