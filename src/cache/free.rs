//! The short path of `free`.

#![expect(unsafe_code, reason = "the hit path reads bitmaps without bounds checks")]

use crate::fold::{count_down_before, set_bit};
use crate::sync::RelaxedU64;
use crate::zone::Zone;

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
