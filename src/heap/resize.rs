//! `realloc`: in place where the block's class or run allows it, by `mremap` for mappings, by copying otherwise. What shrinks
//! stays where it is when memory has ended.

use core::ptr::{self, NonNull};

use super::misuse::{Call, Misuse, report};
use super::{Block, HEAP, MAX_REQUEST, sample, secure, tools};
use crate::large::{Large, Mapping};
use crate::os::Unix;
use crate::size_class::{Class, GRANULE, MAX_BYTE_SLACK, MEDIUM_MAX};
use crate::zone::{Role, Zone};

/// Why a block was not resized.
pub(crate) enum Refused {
    /// Memory is exhausted; the block is as it was.
    Exhausted,
    /// The pointer was no live block; that was reported.
    Misused,
}

impl Refused {
    /// Whether the pointer was to blame.
    pub(crate) fn is_misuse(&self) -> bool {
        matches!(self, Self::Misused)
    }
}

/// Makes the block at `start` hold `bytes`, moving it if needed; its content stays up to the smaller of both sizes.
/// With 0 `bytes` the block is freed, and there is none.
pub(crate) fn realloc(start: NonNull<u8>, bytes: usize) -> Result<Option<NonNull<u8>>, Refused> {
    let refuse = |misuse| {
        report(Call::Realloc, start.as_ptr().addr(), misuse);
        Refused::Misused
    };
    let block = Block::at(start).map_err(refuse)?;
    if let Block::Zone(zone, index) = block
        && !zone.is_guarded()
        && zone.resize_small(index, bytes)
    {
        return Ok(Some(start));
    }
    if bytes > MAX_REQUEST {
        return Err(Refused::Exhausted);
    }
    if bytes == 0 {
        super::free(start.as_ptr(), Call::Realloc);
        return Ok(None);
    }
    let resized = resize_in_place(block, start, bytes).map_err(refuse)?;
    match resized.or_else(|| move_block(block, start, bytes)) {
        Some(place) => Ok(Some(place)),
        None if shrink(block, start, bytes).map_err(refuse)? => Ok(Some(start)),
        None => Err(Refused::Exhausted),
    }
}

/// Resizes the live block at `start` without copying it, if that can be: where it is then. Another thread may have freed it
/// since it was found.
pub(super) fn resize_in_place(block: Block, start: NonNull<u8>, bytes: usize) -> Result<Option<NonNull<u8>>, Misuse> {
    match block {
        Block::Zone(zone, index) => Ok(resize_in_zone(zone, index, bytes)?.then_some(start)),
        Block::Run(zone) => Ok(resize_run(zone, start, bytes)?.then_some(start)),
        Block::Mapping(mapping) => resize_mapping(mapping, start, bytes),
        Block::Sampled(_) => Ok(None),
    }
}

/// Resizes within the class: growing into the slack, shrinking as long as at least half of the block stays in use, and of
/// TINY and SMALL ones all but as much as a state byte records.
fn resize_in_zone(zone: &'static Zone, index: usize, bytes: usize) -> Result<bool, Misuse> {
    if zone.is_guarded() {
        return secure::resize(zone, index, bytes);
    }
    let block = zone.block_bytes();
    let fits = bytes <= block && bytes < HEAP.config.mmap_threshold.get();
    let fits = fits && (bytes >= block / 2 || Class::of(bytes) == Some(zone.class()));
    let fits = fits && zone.class() != Class::ZERO;
    let fits = fits && (block - bytes <= MAX_BYTE_SLACK || !zone.class().has_states());
    if fits && !zone.set_requested(index, bytes) {
        return Err(Misuse::Freed(zone.class()));
    }
    Ok(fits)
}

/// Resizes a run within its last granule, into free ones behind it, or by giving its last ones back.
fn resize_run(zone: &'static Zone, start: NonNull<u8>, bytes: usize) -> Result<bool, Misuse> {
    if bytes <= MEDIUM_MAX || bytes >= HEAP.config.mmap_threshold.get() {
        return Ok(false);
    }
    let mut pages = HEAP.pages.lock();
    still_run(zone, start)?;
    if secure::is_on() && bytes.div_ceil(GRANULE) < zone.requested.get().div_ceil(GRANULE) {
        // What is cut off would keep its content.
        return Ok(false);
    }
    let is_near = bytes.div_ceil(GRANULE) == zone.requested.get().div_ceil(GRANULE);
    let fits = is_near && bytes <= Block::Run(zone).usable();
    let is_resized = fits || pages.resize_block(&tools(), zone, bytes);
    if is_resized {
        zone.requested.set(bytes);
    }
    Ok(is_resized)
}

/// Resizes a mapping. Too small to deserve one any more: no.
fn resize_mapping(mapping: &'static Mapping, start: NonNull<u8>, bytes: usize) -> Result<Option<NonNull<u8>>, Misuse> {
    let mut large = HEAP.large.lock();
    still_mapping(&large, mapping, start)?;
    let is_small = bytes < HEAP.config.mmap_threshold.get() && bytes < mapping.requested();
    if mapping.is_guarded() && bytes == mapping.requested() {
        return Ok(Some(start));
    }
    // One of 0 bytes is inaccessible, guards lie at both ends of others.
    if is_small || mapping.requested() == 0 || mapping.is_guarded() {
        return Ok(None);
    }
    Ok(large.resize(&Unix, &HEAP.meta, mapping, bytes))
}

/// Lets a block for which there is no smaller one end after `bytes` where it is, if its size can be recorded there: few
/// programs expect that what becomes smaller fails. Not where what lies behind the bytes is looked at.
fn shrink(block: Block, start: NonNull<u8>, bytes: usize) -> Result<bool, Misuse> {
    if bytes > block.requested() {
        return Ok(false);
    }
    match block {
        Block::Zone(zone, index) if !zone.is_guarded() && zone.class().records(zone.block_bytes() - bytes) => {
            if zone.set_requested(index, bytes) { Ok(true) } else { Err(Misuse::Freed(zone.class())) }
        }
        Block::Run(zone) => {
            let mut pages = HEAP.pages.lock();
            still_run(zone, start)?;
            let is_resized = pages.resize_block(&tools(), zone, bytes);
            if is_resized {
                zone.requested.set(bytes);
            }
            Ok(is_resized)
        }
        Block::Mapping(mapping) if !mapping.is_guarded() => {
            let mut large = HEAP.large.lock();
            still_mapping(&large, mapping, start)?;
            // A mapping that the OS does not cut keeps its length.
            if large.resize(&Unix, &HEAP.meta, mapping, bytes).is_none() {
                mapping.set_block(0, bytes);
            }
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// Looks under the page heap's mutex whether a run that was found at `start` is that block still: freed meanwhile, it is
/// somebody else's.
fn still_run(zone: &'static Zone, start: NonNull<u8>) -> Result<(), Misuse> {
    let is_it = zone.role() == Role::Large && zone.address() == start.addr().get();
    if is_it { Ok(()) } else { Err(Misuse::FreedLarge) }
}

/// The same of a mapping.
fn still_mapping(large: &Large, mapping: &'static Mapping, start: NonNull<u8>) -> Result<(), Misuse> {
    let found = large.find(start.addr().get());
    let is_it = found.is_some_and(|found| ptr::eq(found, mapping) && found.block() == start.addr().get());
    if is_it { Ok(()) } else { Err(Misuse::FreedLarge) }
}

/// Moves the block at `start` to a new one of `bytes`. `None` if there is none; the old one is as it was then.
#[expect(unsafe_code, reason = "copies user memory")]
fn move_block(block: Block, start: NonNull<u8>, bytes: usize) -> Option<NonNull<u8>> {
    let new = NonNull::new(super::alloc(bytes))?;
    // Not only what was asked for: a program may use all that `malloc_usable_size` says.
    let count = block.usable().min(bytes);
    // SAFETY: both blocks are live, hold at least `count` bytes and do not overlap.
    unsafe { ptr::copy_nonoverlapping(start.as_ptr(), new.as_ptr(), count) };
    match block {
        Block::Sampled(slot) => sample::free(slot, Call::Realloc),
        _ => super::free(start.as_ptr(), Call::Realloc),
    }
    Some(new)
}
