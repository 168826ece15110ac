//! The front door: which layer serves a request; all policy; the statics.
//!
//! `alloc` and `free` are the hit paths. Everything else is in the submodules, all of it cold:
//! `careful` (modes in which every call is looked at: `perturb`, `sample`, `secure`),
//! `slow` (refill, zones, LARGE), `release` (frees that the hit path leaves), `resize` (realloc), `misuse` (what a bad
//! pointer is), `threads` (start, thread end, fork), `trim`, `walk` (reading the heap for reports), `zero` (memory for
//! requests of 0 bytes: none).
//!
//! Works on all-zero static state before any constructor has run, and after a thread's own cleanup.

mod careful;
mod misuse;
mod perturb;
mod release;
mod resize;
mod sample;
mod secure;
mod slow;
#[cfg(test)]
mod tests;
mod threads;
mod trim;
mod walk;
mod zero;

use core::ptr::NonNull;

use crate::arena::AddressMap;
use crate::cache::{Freed, free_own, free_own_sized};
use crate::central::{Central, Orphans};
use crate::config::Config;
use crate::large::{Large, Mapping};
use crate::made::Made;
use crate::meta::Meta;
use crate::os::{Os, Unix};
use crate::page_heap::{PageHeap, Tools, usable};
use crate::remote::Owner;
use crate::sampled::{Sampled, Slot};
use crate::secure::Secret;
use crate::size_class::{Kind, SMALL_MAX};
use crate::sync::{Mutex, RelaxedBool, RelaxedU8, RelaxedU64};
use crate::thread;
use crate::zone::{Role, Zone};

pub(crate) use misuse::{Call, Misuse, report};
pub(crate) use perturb::set_perturb;
pub(crate) use resize::realloc;
pub(crate) use slow::{alloc as alloc_slow, alloc_aligned, alloc_zeroed as alloc_zeroed_slow};
pub(crate) use threads::{print_help, start};
pub(crate) use trim::{set_trim_threshold, trim};
#[cfg(all(test, any(loom, shuttle)))]
pub(crate) use walk::from_zone;
pub(crate) use walk::{Item, Totals, block_of, classes, items, page, totals};

/// Requests above this fail: pointer differences could not express the block (C11 6.5.6).
pub(crate) const MAX_REQUEST: usize = isize::MAX.unsigned_abs();

/// Everything the allocator owns.
pub(crate) struct Heap {
    /// Who owns zones without a thread. Zones become its own or cease to be under central's mutex only.
    owner: Owner,
    /// Who owns what is no zone any more: posts that were under way find it, and nobody collects for it.
    nobody: Owner,
    /// Zones without a thread, caches.
    central: Mutex<Central>,
    /// LARGE blocks with a mapping of their own.
    large: Mutex<Large>,
    /// Runs of granules.
    pages: Mutex<PageHeap>,
    /// Metadata memory.
    meta: Mutex<Meta>,
    /// Options.
    pub(crate) config: Config,
    /// The number of the thread key.
    key: Made,
    /// Whether the options were read.
    configured: RelaxedBool,
    /// Whether threads put fronts before their caches, so that every call passes the slow paths.
    careful: RelaxedBool,
    /// The byte that fills freed blocks, and whose complement fills allocated ones; 0 for none.
    perturb: RelaxedU8,
    /// Blocks between guard pages.
    sampled: Sampled,
    /// Where the threads' random numbers start from.
    seed: RelaxedU64,
    /// What canaries are made of.
    secret: Secret,
    /// Whether a thread that forks holds central's mutex and wants the others.
    fork_waits: RelaxedBool,
    /// Zones of vanished threads in the child of a fork.
    orphans: Orphans,
    /// Whether a thread has ever freed blocks of another one's. It may have no cache: a fork cannot tell whether it lives.
    shared: RelaxedBool,
    /// Whether the fork handlers are registered.
    fork_handled: RelaxedBool,
}

/// From address to run. Apart from the rest, so that it is zero and takes no room in the file.
static MAP: AddressMap = AddressMap::new();

/// The process's heap.
pub(crate) static HEAP: Heap = Heap {
    owner: Owner::new(),
    nobody: Owner::new(),
    central: Mutex::new(Central::new()),
    large: Mutex::new(Large::new()),
    pages: Mutex::new(PageHeap::new()),
    meta: Mutex::new(Meta::new()),
    config: Config::new(),
    key: Made::new(),
    configured: RelaxedBool::new(false),
    careful: RelaxedBool::new(false),
    perturb: RelaxedU8::new(0),
    sampled: Sampled::new(),
    seed: RelaxedU64::new(0),
    secret: Secret::new(),
    fork_waits: RelaxedBool::new(false),
    orphans: Orphans::new(),
    shared: RelaxedBool::new(false),
    fork_handled: RelaxedBool::new(false),
};

/// What the page heap works with.
fn tools() -> Tools<'static, Unix> {
    let near = (&raw const HEAP).cast::<u8>().cast_mut();
    Tools { os: &Unix, map: &MAP, meta: &HEAP.meta, near }
}

/// A block of at least `bytes`, aligned to 16; null when memory is exhausted.
pub(crate) fn alloc(bytes: usize) -> *mut u8 {
    alloc_or(bytes, || slow::alloc(bytes))
}

/// A block of at least `bytes` if the thread's cache has one at hand, or what `miss` gives, usually from
/// [`alloc_slow`].
#[inline(always)]
pub(crate) fn alloc_or(bytes: usize, miss: impl Fn() -> *mut u8) -> *mut u8 {
    if bytes <= SMALL_MAX { thread::cache().take(bytes, miss) } else { miss() }
}

/// A block of at least `bytes` that reads as zero; null when memory is exhausted.
pub(crate) fn alloc_zeroed(bytes: usize) -> *mut u8 {
    alloc_zeroed_or(bytes, || slow::alloc_zeroed(bytes))
}

/// The same if the thread's cache has one at hand, or what `miss` gives, usually from [`alloc_zeroed_slow`].
#[inline(always)]
pub(crate) fn alloc_zeroed_or(bytes: usize, miss: impl Fn() -> *mut u8) -> *mut u8 {
    let (block, clean) =
        if bytes <= SMALL_MAX { thread::cache().take_zeroed(bytes) } else { (core::ptr::null_mut(), false) };
    if block.is_null() {
        return miss();
    }
    if !clean {
        slow::clear(block, bytes);
    }
    block
}

/// Frees the block at `block`; null is nothing. Anything but the start of a live block is reported as misuse of
/// `call` and otherwise ignored.
#[inline(always)]
pub(crate) fn free(block: *mut u8, call: Call) {
    if let Some(arena) = MAP.arena(block.addr()) {
        let zone = arena.find(block.addr());
        if !zone.owner.is_alone(&thread::cache().owner) {
            return release::free_shared(block, zone, call);
        }
        match free_own(zone, block.addr()) {
            Freed::Done => {}
            Freed::Woke => release::wake(zone),
            Freed::No => release::free(block, call),
        }
    } else {
        release::free_outside(block, call);
    }
}

/// Frees the block at `block` if it is a TINY or SMALL one of this thread's that was asked for with exactly `bytes`; else
/// does nothing and returns `false`.
#[inline(always)]
pub(crate) fn free_sized(block: *mut u8, bytes: usize) -> bool {
    let Some(arena) = MAP.arena(block.addr()) else { return false };
    let zone = arena.find(block.addr());
    if !zone.owner.is_alone(&thread::cache().owner) {
        return false;
    }
    match free_own_sized(zone, block.addr(), bytes) {
        Freed::Done => true,
        Freed::Woke => {
            release::wake(zone);
            true
        }
        Freed::No => false,
    }
}

/// Bytes of the live block at `start` that the program may use, or what is wrong with that pointer.
#[inline]
pub(crate) fn usable_at(start: NonNull<u8>) -> Result<usize, Misuse> {
    let address = start.as_ptr().addr();
    if let Some(arena) = MAP.arena(address) {
        let zone = arena.find(address);
        if zone.role() == Role::Blocks && !zone.is_guarded() && zone.live_at(address).is_some() {
            return Ok(zone.usable());
        }
    }
    usable_any(start)
}

/// The same of a block that is not so quickly told.
#[cold]
#[inline(never)]
fn usable_any(start: NonNull<u8>) -> Result<usize, Misuse> {
    Ok(Block::at(start)?.usable())
}

/// A live block, found from its address.
#[derive(Clone, Copy)]
pub(crate) enum Block {
    /// Block `1` of a zone.
    Zone(&'static Zone, usize),
    /// A LARGE block that is a run of an arena.
    Run(&'static Zone),
    /// A LARGE block with a mapping of its own.
    Mapping(&'static Mapping),
    /// A block between guard pages.
    Sampled(&'static Slot),
}

impl Block {
    /// The live block that starts at `start`, or what is wrong with that pointer.
    #[inline]
    pub(crate) fn at(start: NonNull<u8>) -> Result<Self, Misuse> {
        let address = start.as_ptr().addr();
        let zone = MAP.arena(address).map(|arena| arena.find(address));
        let found =
            zone.filter(|zone| zone.role() == Role::Blocks).and_then(|zone| Some((zone, zone.live_at(address)?)));
        match found {
            Some((zone, index)) => Ok(Self::Zone(zone, index)),
            None => misuse::find(address),
        }
    }

    /// Bytes that the program may use: constant over the block's life, except for LARGE blocks that are resized.
    pub(crate) fn usable(self) -> usize {
        match self {
            Self::Zone(zone, index) if zone.is_guarded() => zone.recorded(index).unwrap_or(0),
            Self::Zone(zone, _) => zone.usable(),
            Self::Run(zone) => usable(Unix.page(), zone),
            Self::Mapping(mapping) => mapping.usable(),
            Self::Sampled(slot) => slot.requested(),
        }
    }

    /// Bytes that the program asked for.
    pub(crate) fn requested(self) -> usize {
        match self {
            Self::Zone(zone, index) => zone.recorded(index).unwrap_or(0),
            Self::Run(zone) => zone.requested.get(),
            Self::Mapping(mapping) => mapping.requested(),
            Self::Sampled(slot) => slot.requested(),
        }
    }

    /// TINY, SMALL, MEDIUM or LARGE.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Zone(zone, _) => zone.class().kind(),
            Self::Run(_) | Self::Mapping(_) => Kind::Large,
            Self::Sampled(slot) => Kind::of(slot.requested()),
        }
    }
}
