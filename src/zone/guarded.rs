//! What the hardened mode asks of a zone whose blocks have canaries and wait in quarantine (`heap::secure`).

#![expect(unsafe_code, reason = "state bytes and bitmaps are raw metadata memory")]

use core::sync::atomic::Ordering;

use super::Zone;
use crate::size_class::{FRESH, QUARANTINED, WINDOW};

impl Zone {
    /// Whether its blocks have canaries and wait in quarantine.
    #[inline]
    pub(crate) fn is_guarded(&self) -> bool {
        self.guarded.get()
    }

    /// Gives the blocks of a zone that was just cut canaries and a quarantine.
    pub(crate) fn set_guarded(&self) {
        self.guarded.set(true);
    }

    /// Takes a live block into quarantine, and tells its requested bytes; `None` if it is live no more, which then stays as
    /// it is: of two frees at the same moment one may have come so far that the byte is something else's. `index` is that of
    /// a block.
    #[inline]
    pub(crate) fn quarantine(&self, index: usize) -> Option<usize> {
        // SAFETY: each block has a state byte.
        let state = unsafe { &*self.state.get().wrapping_add(index) };
        let before = state.get();
        let bytes = self.recorded_in(before, index)?;
        // Relaxed: who may free the block has its contents from the program, and clears them himself.
        state.0.compare_exchange(before, QUARANTINED, Ordering::Relaxed, Ordering::Relaxed).ok()?;
        Some(bytes)
    }

    /// Whether a block of a guarded zone, as its owner sees it, waits to be handed out and so reads as zero. One in
    /// quarantine may still be on its way: another thread clears it. `index` is that of a block.
    #[inline]
    pub(crate) fn is_cleared(&self, index: usize) -> bool {
        // SAFETY: each block has a state byte …
        let state = unsafe { &*self.state.get().wrapping_add(index) };
        // SAFETY: … and a bit.
        let word = unsafe { &*self.free.get().wrapping_add(index / WINDOW) };
        state.get() == FRESH || word.get() >> (index % WINDOW) & 1 != 0
    }
}
