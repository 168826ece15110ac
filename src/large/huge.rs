//! Huge pages for LARGE mappings, where the program's habit is to fill its blocks (`filled`).
//!
//! Evidence is the *fresh* memory of a block alone: its last bytes, new from the OS when the block got them, that come
//! in small pages. Of a new mapping that is all; of a reused one, or one that `realloc` has grown, what it grew by; if
//! it comes in huge pages, what lies behind its last whole 2 MiB, which comes in small ones by itself. A block is looked
//! at when it is freed or resized: then nobody else may use it; and, before the next one gets memory, while it is live: then
//! only the kernel may read it. A few pages of each 2 MiB have to hold something.
//!
//! A mapping with huge pages starts at a multiple of 2 MiB, as long as nothing unaligned was cut from it.

use core::ptr::NonNull;

use super::tree::scatter;
use super::{Large, Mapping};
use crate::meta::Meta;
use crate::os::Os;
use crate::ptr::{forward, size};
use crate::sync::Mutex;

/// Bytes of a huge page.
pub(super) const HUGE: usize = 2 << 20;

/// Bytes of the shortest block that is looked at, or gets huge pages.
pub(super) const LEAST: usize = 4 << 20;

/// Bytes of fresh memory from which these tell anything.
const TELLING: usize = 64 << 10;

/// Pages of each huge one that are looked at. Of a block that is half used, one in 16 or fewer seems filled, and it takes
/// three in a row.
const LOOKS: usize = 4;

impl Large {
    /// Looks at a block that may still be filled if it is not yet.
    pub(super) fn look(&mut self, os: &impl Os, mapping: &'static Mapping) {
        if is_filled(os.page(), mapping, |page| os.is_written(page)) == Some(true) {
            self.judge(mapping, true);
        }
    }

    /// Before memory for a block of `length` bytes comes: looks at the one that came before, which has its content by now
    /// in programs that fill one block after the other. Where the habit is known nobody has to look.
    pub(super) fn look_at_young(&mut self, os: &impl Os, length: usize) {
        if !self.huge_pages || length < LEAST || self.filled.trusts() {
            return;
        }
        let young = self.young.get();
        self.young.set(None);
        if let Some(mapping) = young
            && is_filled(os.page(), mapping, |page| os.is_in_use(page)) == Some(true)
        {
            self.judge(mapping, true);
        }
    }

    /// Looks at a block that is about to end.
    pub(super) fn look_last(&mut self, os: &impl Os, mapping: &'static Mapping) {
        if let Some(filled) = is_filled(os.page(), mapping, |page| os.is_written(page)) {
            self.judge(mapping, filled);
        }
        self.set_fresh(mapping, 0);
    }

    /// Takes a block for evidence, once. That the few bytes behind huge pages were not used is a doubt alone.
    fn judge(&mut self, mapping: &'static Mapping, filled: bool) {
        if filled || !mapping.huge.get() {
            self.filled.saw(filled, mapping.bytes());
        } else {
            self.filled.doubt();
        }
        self.set_fresh(mapping, 0);
    }

    /// Notes how many of a mapping's last bytes its block has fresh from the OS, in small pages or behind its huge ones.
    pub(super) fn set_fresh(&mut self, mapping: &'static Mapping, bytes: usize) {
        let bytes = if mapping.huge.get() { bytes.min(end_of(mapping) % HUGE) } else { bytes };
        let bytes = if self.huge_pages && mapping.bytes() >= LEAST { bytes } else { 0 };
        mapping.fresh.set(bytes);
        if bytes > 0 {
            self.young.set(Some(mapping));
        }
    }

    /// New pages for a block of `length` bytes that gets huge ones, and `guard` bytes behind it; with their length.
    pub(super) fn map_huge(
        &mut self,
        os: &impl Os,
        meta: &'static Mutex<Meta>,
        length: usize,
        guard: usize,
        align: usize,
    ) -> Option<(NonNull<u8>, usize)> {
        let length = self.room_for(length) + guard;
        let start = self.map(os, meta, length, align.max(HUGE))?;
        if os.advise_huge(start, length, true) {
            return Some((start, length));
        }
        self.unmap(os, meta, start, length);
        None
    }

    /// The length of a mapping that gets huge pages for a block of `length` bytes: for a long block's last ones too, but
    /// when evidence is wanted.
    fn room_for(&self, length: usize) -> usize {
        if self.filled.is_sure() { generous(length, 16) } else { length }
    }

    /// Lets a mapping in no tree grow to `length` at least, its content being anything if `is_free`. `false` if it cannot:
    /// then it is as it was, or without its last bytes if `is_free`.
    pub(super) fn grow(
        &mut self,
        os: &impl Os,
        meta: &'static Mutex<Meta>,
        mapping: &'static Mapping,
        length: usize,
        is_free: bool,
    ) -> bool {
        let Some(start) = NonNull::new(mapping.start()) else { return false };
        self.unmap_guard(os, meta, mapping);
        let old = mapping.bytes();
        let guard = self.room_for_guard(os, length - old);
        // Less than a huge page more changes nothing.
        if length >= LEAST && length - old >= HUGE {
            let huge = self.huge_pages && self.filled.grant(length - old);
            if huge != mapping.huge.get() && os.advise_huge(start, old, huge) {
                mapping.huge.set(huge);
            }
        }
        // With the alignment of its length a kernel of 6.7 or later chooses that of the place: what is in huge pages
        // moves as such. A rest in small pages would keep its 2 MiB from becoming one.
        let total = if mapping.huge.get() && is_free { self.room_for(length) } else { length } + guard;
        let (whole, room) = match total.checked_next_multiple_of(HUGE) {
            Some(room) if mapping.huge.get() => (if is_free && old > HUGE { old / HUGE * HUGE } else { old }, room),
            _ => (old, total),
        };
        mapping.bytes.set(whole);
        self.unmap(os, meta, forward(start, whole), old - whole);
        let remapped = |room| Some((os.remap(start, whole, room)?, room));
        let Some((moved, room)) = remapped(room).or_else(|| remapped(length)) else { return false };
        let total = total.min(room);
        self.unmap(os, meta, forward(moved, total), room - total);
        mapping.start.set(moved.as_ptr());
        mapping.bytes.set(total);
        true
    }
}

/// The length to which a mapping with huge pages is cut or grown: up to its next whole huge page, if that adds less than
/// one in `parts`.
pub(super) fn generous(length: usize, parts: usize) -> usize {
    match length.checked_next_multiple_of(HUGE) {
        Some(whole) if whole - length < length / parts => whole,
        _ => length,
    }
}

/// Address behind what a block may have of a mapping.
fn end_of(mapping: &Mapping) -> usize {
    mapping.address().wrapping_add(mapping.room())
}

/// Whether a block seems to have written to all that huge pages would have brought in: each whole, aligned 2 MiB of its
/// fresh memory; with huge pages, to the rest behind them. `None` if there is none of that, or too little. From the end,
/// since blocks are filled from the start. `is_written` says it of a page, of which `page` is the length.
fn is_filled(page: usize, mapping: &Mapping, is_written: impl Fn(NonNull<u8>) -> bool) -> Option<bool> {
    let start = NonNull::new(mapping.start())?;
    let (bytes, fresh) = (mapping.room(), mapping.fresh.get());
    // At places that follow no pattern of the program's.
    let place = |from, bytes, nth| from + size(scatter(from + nth)) % (bytes / page) * page;
    let written = |from, bytes| (0..LOOKS).all(|nth| is_written(forward(start, place(from, bytes, nth))));
    if mapping.huge.get() {
        return (fresh >= TELLING).then(|| written(bytes - fresh, fresh));
    }
    let end = bytes.checked_sub(end_of(mapping) % HUGE)?;
    let pieces = end.checked_sub(bytes - fresh)? / HUGE;
    (pieces > 0).then(|| (1..=pieces).all(|nth| written(end - nth * HUGE, HUGE)))
}

#[cfg(test)]
mod tests;
