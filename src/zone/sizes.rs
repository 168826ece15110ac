//! What was asked for: the size of each live block, as the class size less the slack that its state byte or the wide array
//! has.

#![expect(unsafe_code, reason = "state bytes and the wide array are found from the descriptor")]

use core::sync::atomic::Ordering;

use super::Zone;
use crate::ptr::{byte_size, low8, low16, size};
use crate::size_class::{Class, ELSEWHERE, LIVE, Layout, MAX_BYTE_SLACK, SMALL_MAX};
use crate::sync::{RelaxedU8, RelaxedU16};

impl Zone {
    /// The wide slack of MEDIUM blocks, and of SMALL ones whose state byte says so.
    fn wide_slack(&self) -> &'static [RelaxedU16] {
        self.wide_slack_of(self.layout())
    }

    /// The wide slack of a zone that is cut in this way.
    fn wide_slack_of(&self, layout: &Layout) -> &'static [RelaxedU16] {
        if layout.wide == 0 {
            return &[];
        }
        let start = self.chunk_start().wrapping_add(size(layout.wide));
        // SAFETY: as in `words_of`: the layout puts this array at an even offset behind the state bytes.
        unsafe { core::slice::from_raw_parts(start.cast(), size(layout.blocks)) }
    }

    /// Requested bytes of a block; `None` if it is not live.
    pub(crate) fn requested_of(&self, index: usize) -> Option<usize> {
        if self.is_live(index) { self.recorded(index) } else { None }
    }

    /// Requested bytes of a block that is live.
    #[inline]
    pub(crate) fn recorded(&self, index: usize) -> Option<usize> {
        self.recorded_in(self.state_of(index), index)
    }

    /// The same for a block whose state byte is, or was, `state`.
    #[inline]
    pub(super) fn recorded_in(&self, state: u8, index: usize) -> Option<usize> {
        let block = size(self.block.get());
        let slack = byte_size(state.checked_sub(LIVE)?);
        let is_wide = block > SMALL_MAX || state == ELSEWHERE;
        let wide = if is_wide { self.wide_slack().get(index) } else { None };
        Some(block.saturating_sub(wide.map_or(slack, |wide| usize::from(wide.get()))))
    }

    /// Whether a TINY or SMALL block has exactly `bytes`, if it is live. `index` is that of a block.
    #[inline(always)]
    pub(crate) fn has_size(&self, index: usize, bytes: usize) -> bool {
        let block = self.block_bytes();
        let slack = block.wrapping_sub(bytes);
        // SAFETY: each block has a state byte.
        let state = unsafe { &*self.state.get().wrapping_add(index) };
        block <= SMALL_MAX && slack <= MAX_BYTE_SLACK && byte_size(state.get()) == byte_size(LIVE) + slack
    }

    /// Notes that a live TINY or SMALL block has `requested` bytes now, if it keeps at least half of its bytes and no other
    /// thread has freed it meanwhile; else does nothing and returns `false`.
    #[inline]
    pub(crate) fn resize_small(&self, index: usize, requested: usize) -> bool {
        let Some(slack) = self.block_bytes().checked_sub(requested) else { return false };
        let fits = slack <= MAX_BYTE_SLACK && slack <= requested && self.class.get() < Class::MEDIUM.byte();
        // SAFETY: each block has a state byte.
        let state = unsafe { &*self.state.get().wrapping_add(index) };
        let (before, now) = (state.get(), LIVE.wrapping_add(low8(slack)));
        fits && before >= LIVE && state.0.compare_exchange(before, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Notes in the wide array that of the block with this state byte only `bytes` are used; `class` is the zone's.
    pub(crate) fn set_wide_slack(&self, class: Class, state: &RelaxedU8, bytes: usize) {
        let layout = class.layout();
        let slack = size(layout.block) - bytes;
        let index = core::ptr::from_ref(state).addr() - self.state.get().addr();
        if let Some(wide) = self.wide_slack_of(layout).get(index) {
            wide.set(low16(slack));
        }
    }

    /// Notes that a live block, whose class records the slack, has `requested` bytes now; `false` if another thread has
    /// freed it meanwhile: its mark stays.
    pub(crate) fn set_requested(&self, index: usize, requested: usize) -> bool {
        let slack = size(self.layout().block).saturating_sub(requested);
        let Some(state) = self.states().get(index) else { return false };
        let before = state.get();
        if before < LIVE {
            return false;
        }
        let has_states = self.class().has_states();
        if (!has_states || slack > MAX_BYTE_SLACK)
            && let Some(wide) = self.wide_slack().get(index)
        {
            wide.set(low16(slack));
        }
        if !has_states {
            return true;
        }
        let now = if slack > MAX_BYTE_SLACK { ELSEWHERE } else { LIVE + low8(slack) };
        state.0.compare_exchange(before, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}
