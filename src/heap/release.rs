//! What the hit path of `free` leaves: other threads' blocks, LARGE ones, zones to be looked at, bad pointers.

use core::sync::atomic::Ordering;

use super::misuse::{Call, Misuse, find, report};
use super::slow::{retire_idle, stay};
use super::{Block, HEAP, careful, sample, secure, threads, tools, trim};
use crate::cache::{Freed, free_index};
use crate::noted::noted;
use crate::os::Unix;
use crate::remote::post;
use crate::size_class::GRANULE;
use crate::thread;
use crate::zone::{Role, Zone};

/// Attends to a zone of this thread whose countdown reached 0.
#[cold]
#[inline(never)]
pub(crate) fn wake(zone: &'static Zone) {
    let Some(cache) = threads::current() else { return };
    cache.woken(zone);
    retire_idle(cache);
    trim::purge_sparse(cache);
}

/// Frees a block of a run that is not this thread's, or in which other threads have freed blocks.
#[inline(never)]
pub(crate) fn free_shared(block: *mut u8, zone: &'static Zone, call: Call) {
    if zone.role() == Role::Blocks
        && let Some(index) = zone.live_at(block.addr())
        && (zone.is_guarded() || !HEAP.careful.get())
    {
        if zone.is_guarded() {
            return secure::free(zone, index, call);
        }
        if !zone.owner.is(&thread::cache().owner) {
            return free_remote(zone, index, call);
        }
        match free_index(zone, index) {
            Freed::Done => return,
            Freed::Woke => return wake(zone),
            Freed::No => {}
        }
    }
    free_noted(block, call);
}

/// Frees what lies in no arena. A function of its own for null, which nobody has to note: a test in `free` costs its hit path
/// a jump.
#[cold]
#[inline(never)]
pub(crate) fn free_outside(block: *mut u8, call: Call) {
    if !block.is_null() {
        free(block, call);
    }
}

/// Frees a block the careful way, or says what is wrong with it.
#[cold]
#[cfg_attr(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")), unsafe(naked))]
pub(crate) extern "C" fn free(block: *mut u8, call: Call) {
    noted!(free_noted(block, call))
}

/// The same, after the caller was noted.
extern "C" fn free_noted(block: *mut u8, call: Call) {
    if block.is_null() {
        return;
    }
    let found = find(block.addr());
    if let Ok(found) = found
        && HEAP.careful.get()
    {
        careful::on_free(block, found);
    }
    match found {
        Ok(Block::Zone(zone, index)) if zone.is_guarded() => secure::free(zone, index, call),
        Ok(Block::Zone(zone, index)) if thread::own().is_some_and(|own| zone.owner.is(&own.owner)) => {
            // A front stands before the cache, or the hit path would have found it.
            if free_index(zone, index) == Freed::Woke {
                wake(zone);
            }
        }
        Ok(Block::Zone(zone, index)) => free_remote(zone, index, call),
        Ok(Block::Run(zone)) => free_run(zone, block, call),
        Ok(Block::Mapping(mapping)) if mapping.is_guarded() => secure::free_large(mapping, block, call),
        Ok(Block::Mapping(_)) => free_mapping(block, call),
        Ok(Block::Sampled(slot)) => sample::free(slot, call),
        Err(misuse) => report(call, block.addr(), misuse),
    }
}

/// Frees a block of another thread's zone.
pub(super) fn free_remote(zone: &'static Zone, index: usize, call: Call) {
    if threads::is_ready_for_remote(zone) { free_shared_index(zone, index, call) } else { share(zone, index, call) }
}

/// The same for the first one of a zone, or of the child of a fork.
#[cold]
#[inline(never)]
fn share(zone: &'static Zone, index: usize, call: Call) {
    threads::prepare_remote(zone);
    free_shared_index(zone, index, call);
}

/// Frees a block of another thread's zone, which is shared.
#[inline]
fn free_shared_index(zone: &'static Zone, index: usize, call: Call) {
    if !zone.free_remotely(index) {
        return already_freed(zone, index, call);
    }
    post(zone);
    if zone.owner.is(&HEAP.owner) {
        count_for_central(zone, index);
    }
}

/// Counts what is freed in central's zones. Their threads have ended, and it may be long until another one needs a zone: so
/// as much waits to be collected as may be free and resident, and no more.
#[inline(never)]
fn count_for_central(zone: &'static Zone, index: usize) {
    /// The blocks that cover the starts of such pages count, for all of their page.
    const PAGE: usize = 4 << 10;
    /// Bytes from one look at the bound to the next.
    const LOOK: usize = 1 << 20;
    let (block, start) = (zone.block_bytes(), index * zone.block_bytes());
    if start % PAGE != 0 && start % PAGE + block <= PAGE {
        return;
    }
    let bytes = block.max(PAGE);
    let before = HEAP.owner.freed.fetch_add(bytes, Ordering::Relaxed);
    let freed = before + bytes;
    if before / LOOK != freed / LOOK && freed / GRANULE >= HEAP.pages.lock().bound() {
        threads::collect(&mut threads::central());
    }
}

/// Frees a LARGE block that is a run of an arena. Looked up again under the mutex: of two frees one wins.
pub(super) fn free_run(zone: &'static Zone, block: *mut u8, call: Call) {
    let address = block.addr();
    {
        let mut large = HEAP.large.lock();
        let mut pages = HEAP.pages.lock();
        if zone.role() == Role::Large && zone.address() == address {
            large.remember(address);
            // As much as the program could use ends in the same granule.
            let touched = zone.requested.get().max(1);
            let is_cleared = secure::is_on() && secure::wipe(block, Block::Run(zone).usable(), zone.bytes());
            zone.set_role(Role::None);
            if is_cleared {
                return pages.give_cleared(&tools(), zone, touched);
            }
            return pages.give(&tools(), zone, touched);
        }
    }
    report(call, address, Misuse::FreedLarge);
}

/// Frees a LARGE block with a mapping of its own. Looked up again under the mutex.
pub(super) fn free_mapping(block: *mut u8, call: Call) {
    let address = block.addr();
    {
        let mut large = HEAP.large.lock();
        if let Some(mapping) = large.find(address).filter(|mapping| mapping.block() == address) {
            if secure::is_on() {
                secure::wipe(block, mapping.usable(), mapping.bytes());
            }
            large.free(&Unix, &HEAP.meta, mapping, stay());
            return;
        }
    }
    report(call, address, Misuse::FreedLarge);
}

/// Reports a block that was freed by two threads at the same moment.
pub(super) fn freed_twice(zone: &'static Zone, index: usize) {
    already_freed(zone, index, Call::Free);
}

/// The same, by `call`.
#[cold]
#[inline(never)]
fn already_freed(zone: &'static Zone, index: usize, call: Call) {
    report(call, zone.block_at(index).addr(), Misuse::Freed(zone.class()));
}
