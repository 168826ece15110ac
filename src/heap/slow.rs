//! What the hit path of `malloc` leaves: empty windows, MEDIUM and LARGE requests, alignments. And zones that come and go.

use core::ptr;

use super::release::freed_twice;
use super::{HEAP, MAX_REQUEST, careful, secure, threads, tools, trim, zero};
use crate::arena::GRANULES;
use crate::cache::{Cache, Taken};
use crate::config::DEFAULT_MMAP_THRESHOLD;
use crate::large::{Large, Stay};
use crate::list::List;
use crate::os::{Os, Unix};
use crate::ptr::size;
use crate::size_class::{Class, GRANULE, MIN_ALIGN};
use crate::thread;
use crate::zone::{Place, Role, Zone};

/// A block of at least `bytes`, when the thread's window for it is empty or the request is MEDIUM or LARGE; null when
/// memory is exhausted.
#[inline]
pub(crate) fn alloc(bytes: usize) -> *mut u8 {
    let block = alloc_at_hand(bytes);
    if block.is_null() { alloc_slow(bytes) } else { block }
}

/// The same, when the current zone has nothing either.
#[cold]
#[inline(never)]
fn alloc_slow(bytes: usize) -> *mut u8 {
    if is_careful() { careful::alloc(bytes) } else { alloc_any(bytes, true).0 }
}

/// Whether a mode looks at every call. Reads the options first, if they can be read and were not: the very first block may
/// be a hardened one.
fn is_careful() -> bool {
    if !HEAP.configured.get() {
        threads::current();
    }
    HEAP.careful.get()
}

/// A block of the current zone of the class; null if it has none.
#[inline]
fn alloc_at_hand(bytes: usize) -> *mut u8 {
    let cache = thread::cache();
    if let Some(class) = Class::of_small(bytes) {
        return cache.take_next(class, bytes).0;
    }
    match Class::of(bytes) {
        Some(class) if bytes < HEAP.config.mmap_threshold.get() => {
            let block = cache.take_reclaimed(class, bytes, freed_twice).0;
            if block.is_null() { cache.take_next(class, bytes).0 } else { block }
        }
        _ => ptr::null_mut(),
    }
}

/// A block of at least `bytes`, and whether it reads as zero. `reuse` says whether a freed mapping will do as well as a
/// new one.
pub(super) fn alloc_any(bytes: usize, reuse: bool) -> Taken {
    match Class::of(bytes) {
        Some(class) if bytes < HEAP.config.mmap_threshold.get() => alloc_class(class, bytes),
        _ => alloc_large(bytes, MIN_ALIGN, reuse),
    }
}

/// A block of at least `bytes` that reads as zero, when the thread's window for it is empty or the request is MEDIUM or
/// LARGE; null when memory is exhausted. What the kernel has cleared and nobody has touched is not cleared again.
pub(crate) fn alloc_zeroed(bytes: usize) -> *mut u8 {
    let (block, clean) = if is_careful() { careful::alloc_zeroed(bytes) } else { alloc_any(bytes, false) };
    if !clean && !block.is_null() {
        clear(block, bytes);
    }
    block
}

/// Clears the `bytes` of a block.
#[inline]
#[expect(unsafe_code, reason = "writes user memory")]
pub(super) fn clear(block: *mut u8, bytes: usize) {
    // SAFETY: the block was just allocated with this size, and nobody else knows it.
    unsafe { block.write_bytes(0, bytes) };
}

/// A block of at least `bytes` whose address is a multiple of `align`, a power of two; null when memory is exhausted.
pub(crate) fn alloc_aligned(align: usize, bytes: usize) -> *mut u8 {
    if align <= MIN_ALIGN {
        return super::alloc(bytes);
    }
    let slow = || alloc_aligned_slow(align, bytes);
    match Class::aligned_small(bytes, align) {
        Some(room) => thread::cache().take_as(room, bytes, slow),
        None => slow(),
    }
}

/// The same for an alignment above the smallest one, when the thread's window for it is empty or it needs more than SMALL
/// blocks.
#[inline(never)]
fn alloc_aligned_slow(align: usize, bytes: usize) -> *mut u8 {
    if is_careful() { careful::alloc_aligned(align, bytes) } else { alloc_aligned_any(align, bytes) }
}

/// The same where no mode looks at every call.
pub(super) fn alloc_aligned_any(align: usize, bytes: usize) -> *mut u8 {
    if bytes == 0
        && let Some(block) = zero::alloc_aligned(align)
    {
        return block.as_ptr();
    }
    let class = Class::aligned(bytes, align).filter(|class| class.block() < HEAP.config.mmap_threshold.get());
    let (block, _) = match class {
        Some(class) => alloc_class(class, bytes),
        None => alloc_large(bytes, align, true),
    };
    block
}

/// A block of `class` for a request of `bytes`.
pub(super) fn alloc_class(class: Class, bytes: usize) -> Taken {
    let Some(cache) = threads::current() else { return (ptr::null_mut(), false) };
    let taken = loop {
        let taken = cache.take_class(class, bytes);
        if !taken.0.is_null() {
            break taken;
        }
        if !refill(cache, class) {
            // Where no memory can be made inaccessible, requests for 0 bytes get some.
            break if class == Class::ZERO { zero::alloc_usable() } else { (ptr::null_mut(), false) };
        }
    };
    threads::leave();
    taken
}

/// Gives `class` a window with free blocks: from the cache's own zones, from central, from the page heap.
pub(super) fn refill(cache: &'static Cache, class: Class) -> bool {
    let filled = cache.refill(class, &mut freed_twice);
    retire_idle(cache);
    trim::purge_sparse(cache);
    let filled = filled || adopt(cache, class) || new_zone(cache, class);
    filled || (class != Class::ZERO && last_resort(cache, class))
}

/// When memory has ended: whatever is free elsewhere, or the last few blocks of full zones.
#[cold]
fn last_resort(cache: &'static Cache, class: Class) -> bool {
    (give_up(Some(cache)) && new_zone(cache, class)) || cache.scrape(class) || scrape_central(cache, class)
}

/// Takes a full zone with a few free blocks from central, which keeps those in no list.
fn scrape_central(cache: &'static Cache, class: Class) -> bool {
    let zone = {
        let _central = threads::central();
        let pages = HEAP.pages.lock();
        let mut zones = pages.arenas().flat_map(|arena| (0..GRANULES).filter_map(|g| arena.zone(g)));
        let found = zones.find(|zone| {
            let full = zone.role() == Role::Blocks && zone.owner.is(&HEAP.owner) && zone.place() == Place::Full;
            full && zone.has_rest(class)
        });
        found.inspect(|zone| zone.owner.pass(&cache.owner))
    };
    zone.is_some_and(|zone| cache.start_zone(class, zone))
}

/// Takes a zone with room from central.
fn adopt(cache: &'static Cache, class: Class) -> bool {
    let zone = {
        let mut central = threads::central();
        threads::collect(&mut central);
        central.take(class, &cache.owner)
    };
    zone.is_some_and(|zone| cache.start_zone(class, zone))
}

/// Cuts a new zone from the page heap.
fn new_zone(cache: &'static Cache, class: Class) -> bool {
    let layout = class.layout();
    let Some(chunk) = HEAP.meta.lock().take(&Unix, size(layout.chunk)) else { return false };
    expire_kept(&mut HEAP.large.lock());
    let run = if class == Class::ZERO {
        zero::take()
    } else if secure::is_on() {
        secure::take_run(class)
    } else {
        let mut pages = HEAP.pages.lock();
        match cache.filled(class) {
            Some(filled) => {
                pages.settle(filled);
                pages.take_zone(&tools(), size(layout.granules), class.is_dense())
            }
            None => pages.lend(&tools(), size(layout.granules)),
        }
    };
    let Some(run) = run else {
        HEAP.meta.lock().give(chunk, size(layout.chunk));
        return false;
    };
    run.zone.cut(class, chunk, run.clean, &cache.owner);
    if secure::is_on() && class != Class::ZERO {
        run.zone.set_guarded();
    }
    run.zone.set_role(Role::Blocks);
    cache.start_zone(class, run.zone)
}

/// When memory ends: gives back whatever is free, address space included. Returns whether that was anything.
pub(super) fn give_up(cache: Option<&'static Cache>) -> bool {
    let before = HEAP.pages.lock().in_use;
    if let Some(cache) = cache {
        super::trim::release_own(cache);
    }
    trim::release_spare(&mut threads::central());
    let unkept = HEAP.large.lock().expire(&Unix, &HEAP.meta, Stay::NONE);
    let mut pages = HEAP.pages.lock();
    secure::reopen(&mut pages);
    let released = pages.in_use < before;
    pages.give_up(&tools()) || released || unkept
}

/// Gives a wholly free zone, which nobody can reach any more, to the page heap.
fn retire(zone: &'static Zone) {
    let chunk = zone.chunk();
    let touched = zone.touched();
    // Before the run can become something else: posts that are under way must not take it for central's.
    zone.owner.set(&HEAP.nobody);
    if zone.class() == Class::ZERO {
        zero::give(zone);
    } else if zone.is_guarded() {
        secure::give_run(zone, touched);
    } else {
        HEAP.pages.lock().give(&tools(), zone, touched);
    }
    if let Some((chunk, bytes)) = chunk {
        HEAP.meta.lock().give(chunk, bytes);
    }
}

/// Gives the cache's wholly free zones to the page heap.
pub(super) fn retire_idle(cache: &'static Cache) {
    if cache.idle.iter().next().is_some() {
        threads::settle_orphans();
    }
    retire_all(&cache.idle);
}

/// Gives wholly free zones to the page heap.
pub(super) fn retire_all(idle: &List) {
    while let Some(zone) = idle.pop() {
        retire(zone);
    }
}

/// A LARGE block, and whether it reads as zero.
pub(super) fn alloc_large(bytes: usize, align: usize, reuse: bool) -> Taken {
    if bytes > MAX_REQUEST || align > MAX_REQUEST {
        return (ptr::null_mut(), false);
    }
    let own = bytes >= HEAP.config.mmap_threshold.get();
    let first = if own { alloc_mapping(bytes, align, reuse) } else { alloc_run(bytes, align) };
    if !first.0.is_null() {
        return first;
    }
    // Neither way may be open when address space, mappings or memory end: try the other, then give up what is free.
    let second = if own { alloc_run(bytes, align) } else { alloc_mapping(bytes, align, reuse) };
    if !second.0.is_null() || !give_up(thread::own()) {
        return second;
    }
    let third = alloc_mapping(bytes, align, reuse);
    if third.0.is_null() { alloc_run(bytes, align) } else { third }
}

/// A LARGE block in a mapping of its own.
fn alloc_mapping(bytes: usize, align: usize, reuse: bool) -> Taken {
    let mut large = HEAP.large.lock();
    // Who wants to see each mapping come and go has no use for them.
    large.huge_pages = HEAP.config.huge_pages.get() && HEAP.config.keep_delay() > 0;
    large.guards = HEAP.config.mmap_threshold.get() >= DEFAULT_MMAP_THRESHOLD;
    expire_kept(&mut large);
    let found = if reuse && align <= Unix.page() { large.reuse(&Unix, &HEAP.meta, bytes) } else { None };
    let block = found.or_else(|| large.alloc(&Unix, &HEAP.meta, bytes, align));
    (block.map_or(ptr::null_mut(), ptr::NonNull::as_ptr), found.is_none())
}

/// Lets the freed mappings go that have waited long enough; usually there are none.
fn expire_kept(large: &mut Large) {
    if large.kept() > 0 {
        large.expire(&Unix, &HEAP.meta, stay());
    }
}

/// How freed mappings may wait: as long as free runs do, within the same bound.
pub(super) fn stay() -> Stay {
    if secure::is_on() {
        return secure::stay();
    }
    Stay { delay: HEAP.config.keep_delay(), bytes: HEAP.pages.lock().dirty_room() * GRANULE }
}

/// A LARGE block that is a run of an arena.
fn alloc_run(bytes: usize, align: usize) -> Taken {
    let none = (ptr::null_mut(), false);
    let Some(run) = HEAP.pages.lock().take_block(&tools(), bytes, align.div_ceil(GRANULE)) else { return none };
    run.zone.requested.set(bytes);
    run.zone.owner.set(&HEAP.nobody);
    run.zone.set_role(Role::Large);
    (run.zone.start.get(), run.clean)
}
