//! Blocks that other threads free, and how they come back to the owner's bitmap.

#![expect(unsafe_code, reason = "state bytes are raw metadata memory")]

use core::sync::atomic::Ordering;

use super::Zone;
use crate::fold::mask_of;
use crate::ptr::size;
use crate::size_class::{FREED, FRESH, LIVE, QUARANTINED, WINDOW};
use crate::sync::{RelaxedU8, fence};

impl Zone {
    /// Frees a live block as another thread than the owner's; `index` is that of a block. The state byte is the one mark that all threads see: from
    /// here on another free of this block is a double free. `false` if it is one itself, by two threads at the same
    /// moment.
    pub(crate) fn free_remotely(&self, index: usize) -> bool {
        self.free_remotely_if(index, |state| state >= LIVE)
    }

    /// The same for a block that leaves the quarantine of another thread than the owner's.
    pub(crate) fn release_remotely(&self, index: usize) -> bool {
        self.free_remotely_if(index, |state| state == QUARANTINED)
    }

    /// Frees a block whose state byte `fits`.
    #[inline(always)]
    fn free_remotely_if(&self, index: usize, fits: impl FnOnce(u8) -> bool) -> bool {
        self.owner.share();
        // SAFETY: each block has a state byte.
        let state = unsafe { &*self.state.get().wrapping_add(index) };
        let before = state.get();
        // Compared and not just swapped: if this is a double free and the zone is given back at this moment, the byte may
        // be part of something else by now. With the order that `post` needs; and what was done with the block is done
        // for whoever collects it.
        fits(before) && state.0.compare_exchange(before, FREED, Ordering::SeqCst, Ordering::Relaxed).is_ok()
    }

    /// Whether the zone is in an inbox, or on the way there: another thread has freed something in it.
    #[inline]
    pub(crate) fn is_posted(&self) -> bool {
        self.posted.load(Ordering::Relaxed) != 0
    }

    /// Moves what other threads freed into `free`; returns how many blocks that were.
    ///
    /// A block that is free already was freed by its owner at the same moment: `misuse` is told.
    pub(crate) fn collect(&self, mut misuse: impl FnMut(usize)) -> usize {
        let exposed = size(self.exposed.get()).div_ceil(WINDOW);
        let mut collected = 0;
        for (window, (word, states)) in self.words().iter().zip(self.windows()).enumerate().take(exposed) {
            let freed = mask_of::<FREED>(states);
            if freed == 0 {
                continue;
            }
            let before = word.get();
            // First the bits, so that at any moment each block can be seen to be free.
            word.set(before | freed);
            fence(Ordering::Release);
            let mut bits = freed;
            while bits != 0 {
                let bit = size(bits.trailing_zeros());
                if let Some(state) = states.get(bit) {
                    state.set(LIVE);
                }
                if before >> bit & 1 != 0 {
                    misuse(window * WINDOW + bit);
                }
                bits &= bits - 1;
            }
            collected += size((freed & !before).count_ones());
        }
        collected
    }

    /// The state bytes, 64 at a time: the last window has some for blocks that do not exist.
    pub(super) fn windows(&self) -> &'static [[RelaxedU8; WINDOW]] {
        // SAFETY: as in `states`: the layout has room for whole windows.
        unsafe { core::slice::from_raw_parts(self.state.get().cast(), size(self.layout().words)) }
    }

    /// Completes `free` from the state bytes in the child of a fork, where the owner's thread is gone: what was on its
    /// way between bitmaps is free, but not what is in a quarantine. Returns the number of free blocks.
    pub(crate) fn rebuild(&self) -> usize {
        let exposed = size(self.exposed.get());
        for (word, states) in self.words().iter().zip(self.states().chunks(WINDOW)) {
            for (k, state) in states.iter().enumerate().filter(|(_, state)| matches!(state.get(), FRESH | FREED)) {
                word.set(word.get() | 1 << k);
                if state.get() == FREED {
                    state.set(LIVE);
                }
            }
        }
        for (window, word) in self.words().iter().enumerate().skip(exposed.div_ceil(WINDOW)) {
            word.set(Self::blocks_of_window(self.layout(), window));
        }
        self.free_blocks()
    }
}
